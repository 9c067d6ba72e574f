from papers.views.reading_list import entry_list as club_home

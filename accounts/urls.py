from django.urls import path

from .views import clubs, demo, joining, mail, members, people

app_name = "accounts"

urlpatterns = [
    # Clubs
    path("clubs/new", clubs.club_create, name="club_create"),
    path("clubs/<slug:slug>/switch", clubs.switch_club, name="switch_club"),
    # Members and invitations
    path("clubs/<slug:slug>/members/", members.member_list, name="member_list"),
    path("clubs/<slug:slug>/members/<int:pk>/role", members.change_role, name="change_role"),
    path("clubs/<slug:slug>/members/<int:pk>/remove", members.remove_member, name="remove_member"),
    path("clubs/<slug:slug>/invitations/", members.invite, name="invite"),
    path(
        "clubs/<slug:slug>/invitations/<int:pk>/revoke", members.revoke_invitation, name="revoke_invitation"
    ),
    path("join/<str:token>", joining.join, name="join"),
    # Oneself; sign-in, password, addresses and second factors are allauth's
    path("accounts/settings/", people.settings, name="settings"),
    path("accounts/tokens/", people.token_list, name="tokens"),
    path("accounts/tokens/<str:key>/revoke", people.revoke_token, name="revoke_token"),
    path("accounts/mail/", mail.mail_settings, name="mail_settings"),
    path("accounts/mail/stop/<str:token>", mail.stop_mail, name="stop_mail"),
    # The demo
    path("demo/mail", demo.demo_mail, name="demo_mail"),
]

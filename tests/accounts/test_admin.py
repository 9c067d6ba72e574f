import pytest
from django.contrib import admin

from accounts import invitations, tokens
from accounts.models import ApiToken, Club, Membership, User


@pytest.fixture
def admin_client(client, administrator):
    client.force_login(administrator)
    return client


@pytest.mark.parametrize("model", ["user", "club", "invitation", "apitoken"])
def test_lists_open(admin_client, member, club, model):
    invitations.invite(club, by=member)
    tokens.create_token(member, name="bot")
    assert admin_client.get(f"/admin/accounts/{model}/").status_code == 200


def test_digest_of_a_token_is_not_shown(admin_client, member):
    tokens.create_token(member)
    digest = ApiToken.objects.get().digest
    page = admin_client.get(f"/admin/accounts/apitoken/{digest}/change/").content.decode()
    # It is the row's key, and so in the page's own addresses; no field says it.
    assert "field-digest" not in page and f">{digest}<" not in page


@pytest.mark.parametrize("model", [User, Club])
def test_people_and_clubs_are_not_deleted(rf, administrator, model):
    request = rf.get("/")
    request.user = administrator
    assert not admin.site.get_model_admin(model).has_delete_permission(request)


def test_account_is_closed_by_a_tick(admin_client, member):
    admin_client.post(f"/admin/accounts/user/{member.pk}/change/", {"name": "Mia"})
    member = User.objects.get(pk=member.pk)
    assert not member.is_active and member.name == "Mia" and member.email.endswith("@example.org")


def test_administrator_gives_an_abandoned_club_an_owner(admin_client, member, club):
    membership = Membership.objects.get(user=member)
    form = {
        "name": "Machine learning",
        "time_zone": "UTC",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 1,
    }
    row = {"id": membership.pk, "club": club.pk, "user": member.pk, "role": "owner"}
    form |= {f"memberships-0-{name}": value for name, value in row.items()}
    assert admin_client.post(f"/admin/accounts/club/{club.pk}/change/", form).status_code == 302
    membership.refresh_from_db()
    assert membership.role == "owner"


def test_a_club_keeps_an_owner(client, administrator, club, owner, member):
    client.force_login(administrator)
    memberships = list(club.memberships.order_by("pk"))
    form = {
        "name": club.name,
        "time_zone": "UTC",
        "memberships-TOTAL_FORMS": len(memberships),
        "memberships-INITIAL_FORMS": len(memberships),
    }
    for number, membership in enumerate(memberships):
        form[f"memberships-{number}-id"] = membership.pk
        form[f"memberships-{number}-club"] = club.pk
        form[f"memberships-{number}-user"] = membership.user_id
        form[f"memberships-{number}-role"] = "member"
    answer = client.post(f"/admin/accounts/club/{club.pk}/change/", form)
    assert "at least one owner" in answer.content.decode()
    assert club.memberships.filter(role="owner").count() == 1

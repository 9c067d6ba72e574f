"""How often somebody may try what could be a nuisance. (Sign-ins and sign-ups are counted by allauth.)"""

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest


def is_within(key: str, *, most: int, seconds: int) -> bool:
    """Count one try of what `key` names (the act and who tries); False beyond `most` in `seconds`."""
    key = f"rate:{key}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= most
    except ValueError:  # the time ran out between the two
        return True


def find_address(request: HttpRequest) -> str:
    """Return the internet address a request came from, as far as TRUSTED_PROXIES lets us know."""
    return get_adapter().get_client_ip(request)

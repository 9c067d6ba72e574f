"""How often somebody may try what could be a nuisance. (Sign-ins and sign-ups are counted by allauth.)"""

import logging

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def is_within(key: str, *, most: int, seconds: int) -> bool:
    """Count one try of what `key` names (the act and who tries); False beyond `most` in `seconds`.

    Nothing is counted while the cache is away.
    """
    key = f"rate:{key}"
    try:
        cache.add(key, 0, seconds)
        return cache.incr(key) <= most
    except ValueError:  # the time ran out between the two
        return True
    except (RedisError, OSError):
        logger.warning("No cache: tries are not counted.")
        return True


def find_address(request: HttpRequest) -> str:
    """Return the internet address a request came from, as far as TRUSTED_PROXIES lets us know."""
    return get_adapter().get_client_ip(request)

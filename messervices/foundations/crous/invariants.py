"""What must hold of places, dates and rights."""

from messervices.kernel.invariants import Invariant

_ACCOUNTS = """
select count(*) from accounts_user u full join (
    select a.user_id, bool_or(a.crous_id is null) as national,
        coalesce(array_agg(distinct a.crous_id::int) filter (where a.crous_id is not null), '{}') as crous_ids
    from crous_agent a where a.until is null group by a.user_id
) h on h.user_id = u.id
where u.kind = 'agent' and (
    coalesce(h.national, false) <> u.national
    or coalesce(h.crous_ids, '{}') <> (select coalesce(array_agg(c::int order by c), '{}') from unnest(u.crous_ids) c))
"""
_RIGHTS = """
select count(*) from accounts_user u where u.kind = 'agent' and (
    select coalesce(array_agg(distinct r::text order by r::text), '{}') from unnest(u.rights) r
) <> (
    select coalesce(array_agg(distinct r::text order by r::text), '{}')
    from crous_agent a join crous_role o on o.id = a.role_id, unnest(o.rights) r
    where a.user_id = u.id and a.until is null)
"""
_HOLDERS = """
select count(*) from crous_agent a
join accounts_user u on u.id = a.user_id
join crous_role r on r.id = a.role_id
where a.until is null and (u.kind <> 'agent' or r.national <> (a.crous_id is null))
"""
_DATES = """
select (
    select count(*) from crous_window w where superseded_at is not null and not exists (
        select from crous_window n where n.service = w.service and n.year_start = w.year_start
        and n.crous_id is not distinct from w.crous_id and n.superseded_at is null)
) + (
    select count(*) from crous_amount a where superseded_at is not null and not exists (
        select from crous_amount n where n.kind = a.kind and n.year_start = a.year_start and n.superseded_at is null)
)
"""


def invariants() -> list[Invariant]:
    """Accounts carry what their roles say; places lean on each other; nothing set is left without a successor."""
    return [
        Invariant(
            "the Crous are the 26 of the network",
            "select abs(count(*) - 26) + count(*) filter (where id not between 1 and 26) from crous_crous",
        ),
        Invariant("every agent’s account names the Crous of their roles", _ACCOUNTS),
        Invariant("every agent’s account holds the rights of their roles, no more", _RIGHTS),
        Invariant("roles are held by agents alone, national roles nationally", _HOLDERS),
        Invariant(
            "every commune can be found by its name",
            "select count(*) from crous_commune c where not exists "
            "(select from crous_communekey k where k.commune_id = c.code and k.whole)",
        ),
        Invariant(
            "every arrondissement is in the département of its city",
            "select count(*) from crous_commune a join crous_commune c on c.code = a.parent_id "
            "where a.departement_id <> c.departement_id",
        ),
        Invariant("no superseded window or amount without one in its place", _DATES),
    ]

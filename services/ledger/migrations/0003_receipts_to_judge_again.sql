-- What a command needs to be judged again: where the log stood when it was judged, and by which version of the rules;
-- and the history that it was about, by which the commands that left no fact are found.

alter table receipt
    add column position bigint,
    add column stream   text,
    add column engine   text not null default '1';

alter table receipt alter column engine drop default;

-- Receipts from before.
update receipt r set
    position = (r.answer ->> 'first')::bigint - 1,
    stream = case
        when r.command ->> 'name' in ('create-unit', 'move-unit', 'join-rep', 'transfer-rep', 'leave-rep', 'set-quota',
            'assign-mentor', 'end-mentorship') then 'organisation'
        when r.command ->> 'name' = 'publish-policy' then 'policies'
        when r.command ->> 'name' in ('open-deal', 'advance-stage', 'revert-stage', 'lose-deal', 'bring-deal-clock', 'earn-role',
            'transfer-role', 'revoke-role', 'sign-contract', 'receive-payment', 'refund-payment', 'agree-sharing')
            then 'deal/' || (r.command ->> 'deal')
        else 'customer/' || (r.command ->> 'customer')
    end;

-- Where a command left no fact and others were recorded at its very instant, its position cannot be known, and stays empty.
update receipt r set position = told.position
from (
    select at, has_events, coalesce(max(position) over (order by at), 0) as position
    from (
        select recorded_at as at, max(position) as position, true as has_events from event group by recorded_at
        union all
        select distinct recorded_at, null::bigint, false from receipt
        where position is null and recorded_at not in (select recorded_at from event)
    ) instants
) told
where r.position is null and told.at = r.recorded_at and not told.has_events;

create index receipt_without_fact on receipt (stream, position) where (answer ->> 'first') is null;

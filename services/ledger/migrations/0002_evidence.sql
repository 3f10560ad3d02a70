-- What the sealer keeps: the Merkle tree over the log's stored texts, and the heads it has signed.
-- All of it can be made again from the log; what counts as published is outside the database.

-- One row: how many events the tree has taken in, and the chain there. Whoever has locked it is the sealer.
create table merkle_tree (
    id    integer primary key,
    size  bigint not null,
    chain bytea not null
);

insert into merkle_tree (id, size, chain) values (1, 0, decode(repeat('00', 32), 'hex'));

-- Hashes of complete subtrees, 32 a tile, 32 bytes each: of 32 to the power of `level` leaves.
create table merkle_tile (
    level  integer not null,
    n      bigint not null,
    hashes bytea not null,
    primary key (level, n)
);

alter table merkle_tile alter column hashes set storage plain;

-- Every head ever signed, as it is published: a checkpoint with its signature.
create table signed_head (
    size bigint primary key,
    note text not null
);

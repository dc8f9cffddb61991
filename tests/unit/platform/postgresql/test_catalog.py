"""Which tables and sequences move, by what was named and what survives a crash."""

from __future__ import annotations

from migrator.platform.postgresql.catalog import Sequence, Table, carried, chosen, in_sql, shown

T = Table(("public", "t"))
U = Table(("public", "u"), unlogged=True)
OF_T = Sequence(("public", "t_id_seq"), ("public", "t"))
FREE = Sequence(("public", "free"))


def test_all_tables_move_but_those_whose_rows_do_not_survive() -> None:
    assert chosen((T, U), ()) == (T,)
    assert carried((OF_T, FREE), (T,), ()) == (OF_T, FREE)


def test_named_tables_move_with_their_own_sequences_only() -> None:
    assert chosen((T, U), ("public.u",)) == (U,)
    assert carried((OF_T, FREE), (T,), ("public.t",)) == (OF_T,)
    assert carried((OF_T, FREE), (U,), ("public.u",)) == ()


def test_a_name_is_shown_plainly_and_written_quoted() -> None:
    assert shown(("Ord er", 'a"b')) == 'Ord er.a"b'
    assert in_sql(("Ord er", 'a"b')) == '"Ord er"."a""b"'

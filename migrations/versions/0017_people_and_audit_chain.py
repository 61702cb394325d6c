"""Second factors and invitations of people; the audit is chained and cannot be changed; data keys by master key.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

_SEALING = (
    """CREATE FUNCTION audit_seal_of(before bytea, entry audit) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(before || convert_to(jsonb_build_array(
    entry.id, to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    entry.actor, entry.action, entry.subject, entry.facts)::text, 'UTF8'))
$$""",
    """CREATE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
  PERFORM pg_advisory_xact_lock(7241902);
  SELECT place, hash INTO last FROM audit_seals ORDER BY place DESC LIMIT 1;
  INSERT INTO audit_seals (place, audit_id, hash)
  VALUES (coalesce(last.place, 0) + 1, NEW.id, audit_seal_of(coalesce(last.hash, ''), NEW));
  RETURN NULL;
END $$""",
    """CREATE FUNCTION audit_refusal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END $$""",
    """DO $$
DECLARE entry audit; last bytea := ''; at_place bigint := 0;
BEGIN
  FOR entry IN SELECT * FROM audit ORDER BY id LOOP
    at_place := at_place + 1;
    last := audit_seal_of(last, entry);
    INSERT INTO audit_seals (place, audit_id, hash) VALUES (at_place, entry.id, last);
  END LOOP;
END $$""",
    """CREATE CONSTRAINT TRIGGER audit_sealed AFTER INSERT ON audit
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_seal()""",
    """CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refusal()""",
    """CREATE TRIGGER audit_seals_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refusal()""",
)
"""Sealed at the commit, after all other locks: who waits for the chain holds up nobody whom it waits for."""


def upgrade() -> None:
    op.add_column('users', sa.Column('second_factor_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('users', sa.Column('code_step', sa.BigInteger(), server_default='0', nullable=False))
    op.create_table('recovery_codes',
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_recovery_codes_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('user_id', 'digest', name=op.f('pk_recovery_codes'))
    )
    op.add_column('one_time_tokens', sa.Column('user_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('fk_one_time_tokens_user_id'), 'one_time_tokens', 'users', ['user_id'], ['id'], ondelete='CASCADE')
    op.create_index(op.f('ix_one_time_tokens_user_id'), 'one_time_tokens', ['user_id'], unique=False)
    op.create_index(op.f('ix_audit_action_id'), 'audit', ['action', 'id'], unique=False)
    op.create_index(op.f('ix_audit_actor_id'), 'audit', ['actor', 'id'], unique=False)
    op.create_table('audit_seals',
    sa.Column('place', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('audit_id', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['audit_id'], ['audit.id'], name=op.f('fk_audit_seals_audit_id')),
    sa.PrimaryKeyConstraint('place', name=op.f('pk_audit_seals')),
    sa.UniqueConstraint('audit_id', name=op.f('uq_audit_seals_audit_id'))
    )
    op.create_index(op.f('ix_data_keys_master_key_id_owner_owner_id'), 'data_keys', ['master_key_id', 'owner', 'owner_id'], unique=False)
    for statement in _SEALING:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table('audit_seals')
    for trigger in ('audit_kept', 'audit_sealed'):
        op.execute(f'DROP TRIGGER {trigger} ON audit')
    for function in ('audit_seal()', 'audit_seal_of(bytea, audit)', 'audit_refusal()'):
        op.execute(f'DROP FUNCTION {function}')
    op.drop_index(op.f('ix_data_keys_master_key_id_owner_owner_id'), table_name='data_keys')
    op.drop_index(op.f('ix_audit_actor_id'), table_name='audit')
    op.drop_index(op.f('ix_audit_action_id'), table_name='audit')
    op.drop_column('one_time_tokens', 'user_id')
    op.drop_table('recovery_codes')
    op.drop_column('users', 'code_step')
    op.drop_column('users', 'second_factor_at')

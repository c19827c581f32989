import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who did what through the admin API. Rows are added and never changed: the database itself refuses it. */
export class Audit1790300000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table audit (
        id bigint generated always as identity constraint audit_pk primary key,
        -- Real time, whatever the emulator's clock says.
        at timestamptz not null default now(),
        name text not null,
        role text not null,
        -- Null: the installation's own token.
        token_id text,
        address text not null,
        -- Method and path of the route.
        action text not null,
        -- What of, by the names in the path; JSON, as are the states before and after, without secrets.
        object text not null,
        before text,
        after text,
        trace_id text not null
      );

      create function refuse_change_of_audit() returns trigger language plpgsql as $$
      begin
        raise exception 'the audit trail is only added to';
      end $$;
      create trigger audit_insert_only before update or delete or truncate on audit
        for each statement execute function refuse_change_of_audit();
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table audit; drop function refuse_change_of_audit()');
  }
}

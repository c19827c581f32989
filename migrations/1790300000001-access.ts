import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who may use the admin API: tokens with a role, browser sessions, and the codes of one-time sign-in links. */
export class Access1790300000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table admin_token (
        token_id text constraint admin_token_pk primary key,
        -- SHA-256 (hex) of the whole token.
        token_hash text not null,
        name text not null,
        role text not null constraint admin_token_role_check check (role in ('viewer', 'operator', 'admin')),
        created_at timestamptz not null default now(),
        expires_at timestamptz,
        last_used_at timestamptz,
        revoked_at timestamptz
      );

      -- Sessions and codes are in real time, whatever the emulator's clock says.
      create table admin_session (
        -- SHA-256 (hex) of what the cookie holds.
        session_hash text constraint admin_session_pk primary key,
        -- The token it was opened with; null: the installation's own, which the fingerprint then tells.
        token_id text constraint admin_session_token_fk references admin_token on delete cascade,
        bootstrap_fingerprint text,
        created_at timestamptz not null default now(),
        last_seen_at timestamptz not null default now(),
        expires_at timestamptz not null,
        constraint admin_session_credential_check check ((token_id is null) <> (bootstrap_fingerprint is null))
      );

      create table sign_in_code (
        code_hash text constraint sign_in_code_pk primary key,
        expires_at timestamptz not null
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table sign_in_code, admin_session, admin_token');
  }
}

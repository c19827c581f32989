import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tickets that open the inspector's stream once. */
export class InspectorTicket1790800000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- In real time, as sessions are.
      create table inspector_ticket (
        ticket_id text constraint inspector_ticket_pk primary key,
        -- SHA-256 (hex) of the ticket and of what it is for: a person's id would outlive their erasure here.
        ticket_hash text not null,
        -- What whoever asked for it had come with; the stream ends with it.
        session_hash text constraint inspector_ticket_session_fk references admin_session on delete cascade,
        token_id text constraint inspector_ticket_token_fk references admin_token on delete cascade,
        bootstrap_fingerprint text,
        expires_at timestamptz not null,
        constraint inspector_ticket_credential_check check ((token_id is null) <> (bootstrap_fingerprint is null))
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table inspector_ticket');
  }
}

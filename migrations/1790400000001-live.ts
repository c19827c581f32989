import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lets the tries of deliveries be followed without missing one. */
export class Live1790400000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- The transaction that wrote the row. Times and sequences become visible out of order; of transactions the database
      -- says below which one all have ended. Rows from before have none: nobody follows those.
      alter table attempt add column xact xid8;
      alter table attempt alter column xact set default pg_current_xact_id();
      create index attempt_xact on attempt (xact);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index attempt_xact; alter table attempt drop column xact');
  }
}

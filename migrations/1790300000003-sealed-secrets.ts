import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Secrets are sealed from here on. Sealing those that are there takes a key, which no migration has: the start-up does it
 * right afterwards, under the same lock, and says so here. What is not sealed later on was put there by somebody else.
 */
export class SealedSecrets1790300000003 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table configuration add column secrets_sealed boolean not null default false
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table configuration drop column secrets_sealed');
  }
}

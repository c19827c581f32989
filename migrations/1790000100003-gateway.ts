import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the gateway needs of a page: the platform's token of it, and what an answer past us means. */
export class Gateway1790000100003 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table page
        add column meta_access_token text,
        add column outside_replies text not null default 'inbox_takes'
          constraint page_outside_replies_check check (outside_replies in ('inbox_takes', 'only_told'))
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table page drop column meta_access_token, drop column outside_replies');
  }
}

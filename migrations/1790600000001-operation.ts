import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What keeps an installation tidy: how far data was removed by age, and who was erased. */
export class Operation1790600000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- The key of the hashes by which erased people are known. Random, so that a hash alone tells nobody's id.
      alter table configuration
        add column person_hash_key text not null default gen_random_uuid()::text || gen_random_uuid()::text;

      -- Until no redelivery can come any more: what happened up to this moment is not taken again.
      create table erased_person (
        lane smallint not null,
        person_hash text not null,
        erased_at timestamptz not null,
        constraint erased_person_pk primary key (lane, person_hash)
      );

      -- One row. When somebody last began to remove what is too old, and up to which day message texts are gone.
      create table retention (
        singleton boolean constraint retention_pk primary key default true check (singleton),
        started_at timestamptz,
        text_removed_before date
      );
      insert into retention default values;

      -- These tables are filled in the order of time, for which a block range index is a few pages and costs next to nothing.
      create index attempt_at on attempt using brin (at) with (pages_per_range = 32);
      create index dead_letter_at on dead_letter using brin (at) with (pages_per_range = 32);
      create index quarantine_at on quarantine using brin (at) with (pages_per_range = 32);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop index quarantine_at, dead_letter_at, attempt_at;
      drop table retention, erased_person;
      alter table configuration drop column person_hash_key;
    `);
  }
}

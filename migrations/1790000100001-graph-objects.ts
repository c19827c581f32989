import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What apps keep on a page besides conversations: their messenger profile, personas, labels and uploaded media. */
export class GraphObjects1790000100001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- One row for each property an app has set; the value is wire JSON.
      create table messenger_profile (
        page_id text not null,
        app_id text not null,
        channel text not null,
        property text not null,
        value text not null,
        set_at timestamptz not null,
        constraint messenger_profile_pk primary key (page_id, channel, app_id, property),
        constraint messenger_profile_connection_fk foreign key (page_id, app_id) references connection on delete cascade
      );

      -- A menu an app has set for one person, instead of its menu for everybody; wire JSON.
      create table person_menu (
        page_id text not null,
        app_id text not null,
        psid text not null,
        value text not null,
        constraint person_menu_pk primary key (page_id, psid, app_id),
        constraint person_menu_connection_fk foreign key (page_id, app_id) references connection on delete cascade
      );

      create table persona (
        persona_id text constraint persona_pk primary key,
        page_id text not null,
        app_id text not null,
        name text not null,
        profile_picture_url text not null,
        constraint persona_connection_fk foreign key (page_id, app_id) references connection on delete cascade
      );
      create index persona_of_connection on persona (page_id, app_id, persona_id);

      create table label (
        label_id text constraint label_pk primary key,
        page_id text not null constraint label_page_fk references page on delete cascade,
        name text not null,
        constraint label_name_key unique (page_id, name)
      );
      create table label_person (
        label_id text not null constraint label_person_label_fk references label on delete cascade,
        page_id text not null,
        psid text not null,
        constraint label_person_pk primary key (label_id, psid)
      );
      create index label_person_of_person on label_person (page_id, psid);

      -- Media that apps send more than once, or have uploaded: then with the bytes, and a key nobody can guess.
      create table attachment (
        attachment_id text constraint attachment_pk primary key,
        page_id text not null constraint attachment_page_fk references page on delete cascade,
        type text not null,
        url text,
        media_key text constraint attachment_media_key_key unique,
        content_type text,
        content bytea,
        bytes int not null,
        created_at timestamptz not null,
        constraint attachment_source_check check ((url is null) <> (content is null))
      );
      create index attachment_age on attachment (page_id, created_at, attachment_id);
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table attachment, label_person, label, persona, person_menu, messenger_profile');
  }
}

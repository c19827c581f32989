import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema. `lane` leads every hot primary key, so that all rows of a thread live together wherever the table is
 * distributed. Foreign input is text (escaped ASCII JSON), never jsonb, which refuses NUL and lone surrogates.
 */
export class CreateTables1790000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      -- One row. The incarnation begins every delivery id and feed cursor; the offset is the emulator's virtual clock.
      create table configuration (
        singleton boolean constraint configuration_pk primary key default true check (singleton),
        epoch bigint not null default 1,
        incarnation text not null default substr(md5(random()::text || clock_timestamp()::text), 1, 8),
        clock_offset_ms bigint not null default 0
      );
      insert into configuration default values;

      create table lane (
        lane smallint constraint lane_pk primary key,
        last_id bigint not null default 0,
        config_epoch bigint not null default 1
      ) with (fillfactor = 20);
      insert into lane (lane) select generate_series(0, 255);

      create table page (
        page_id text constraint page_pk primary key,
        name text not null,
        instagram_id text constraint page_instagram_id_key unique,
        default_app_id text,
        social_app_id text,
        instagram_default_app_id text,
        instagram_social_app_id text,
        -- Set for good by the page's first default app: from then on apps are connected with standby on.
        standby_on_connect boolean not null default false
      );

      create table app (
        app_id text constraint app_pk primary key,
        name text not null,
        kind text not null constraint app_kind_check check (kind in ('bot', 'inbox')),
        callback_url text,
        verify_token text,
        app_secret text not null,
        -- How many events one POST may carry.
        batch_size_max int not null default 1 constraint app_batch_size_max_check check (batch_size_max between 1 and 100),
        -- Fields the app itself subscribes to; null: every field. A page's subscription must contain a field as well.
        subscribed_fields text[],
        paused_at timestamptz,
        pause_reason text
      );

      create table connection (
        page_id text not null constraint connection_page_fk references page on delete cascade,
        app_id text not null constraint connection_app_fk references app on delete cascade,
        subscribed_fields text[] not null,
        standby_messenger boolean not null,
        standby_instagram boolean not null,
        can_take_control boolean not null,
        constraint connection_pk primary key (page_id, app_id)
      );

      create table access_token (
        token_hash text constraint access_token_pk primary key,
        page_id text not null,
        app_id text not null,
        created_at timestamptz not null,
        -- Set when a newer token replaces this one.
        expires_at timestamptz,
        constraint access_token_connection_fk foreign key (page_id, app_id) references connection on delete cascade
      );

      create table route (
        page_id text not null constraint route_page_fk references page on delete cascade,
        kind text not null constraint route_kind_check check (kind in ('ad', 'link')),
        -- An ad's id or a link's ref.
        key text not null,
        app_id text not null,
        -- Ads only: the ref their referral carries, the title people saw, and the welcome template as JSON.
        ref text,
        title text,
        template text,
        constraint route_pk primary key (page_id, kind, key)
      );

      create table thread (
        lane smallint not null,
        page_id text not null,
        psid text not null,
        channel text not null,
        state text not null,
        owner_app_id text,
        previous_owner_app_id text,
        entry_point text,
        pending_referral text,
        owner_since timestamptz,
        last_user_event_at timestamptz,
        deadline_at timestamptz,
        -- When the timer looks at the thread: set on entering an owned state and moved only when it comes too early, so
        -- that ordinary messages touch no index.
        wake_at timestamptz,
        last_at timestamptz not null,
        version int not null,
        machine_version int not null,
        constraint thread_pk primary key (lane, page_id, psid)
      ) with (fillfactor = 75);
      create index thread_wake_at on thread (wake_at) where wake_at is not null;

      create table log (
        lane smallint not null,
        id bigint not null,
        -- Day of the event by the platform's own timestamp (UTC): a redelivery carries the same one.
        day date not null,
        page_id text not null,
        psid text not null,
        business_id text not null,
        version int not null,
        type text not null,
        source_id text not null,
        at timestamptz not null,
        occurred_at timestamptz not null,
        outcome text not null constraint log_outcome_check check (outcome in ('applied', 'refused')),
        payload text,
        event text not null,
        cause text not null,
        notices text not null,
        refusal text,
        -- The whole thread after the event, as JSON.
        thread text not null,
        constraint log_pk primary key (lane, id, day),
        constraint log_source_id_key unique (lane, source_id, day)
      ) partition by range (day);
      create index log_thread on log (lane, page_id, psid, id);

      -- What could not be routed: too old, too far ahead, for an unknown page, or refused by the database.
      create table quarantine (
        id bigint generated always as identity constraint quarantine_pk primary key,
        at timestamptz not null,
        reason text not null,
        page_id text,
        payload text not null
      );

      -- How far a lane is dispatched, and which instance does it until when.
      create table cursor (
        lane smallint constraint cursor_pk primary key,
        last_id bigint not null default 0,
        holder text,
        lease_epoch bigint not null default 0,
        lease_until timestamptz
      ) with (fillfactor = 20);
      insert into cursor (lane) select generate_series(0, 255);

      -- Ids an app that failed as a whole is owed, in blocks, in order.
      create table owed (
        lane smallint not null,
        app_id text not null,
        first_id bigint not null,
        ids bigint[] not null,
        constraint owed_pk primary key (lane, app_id, first_id)
      );

      -- One thread of one app that waits for its next attempt; everything of it since first_id waits behind.
      create table stalled (
        lane smallint not null,
        app_id text not null,
        page_id text not null,
        psid text not null,
        first_id bigint not null,
        attempts int not null,
        failing_since timestamptz not null,
        next_attempt_at timestamptz not null,
        last_error text not null,
        constraint stalled_pk primary key (lane, app_id, page_id, psid)
      );

      create table attempt (
        lane smallint not null,
        id bigint not null,
        notice smallint not null,
        app_id text not null,
        attempt int not null,
        at timestamptz not null,
        status int,
        duration_ms int not null,
        error text
      );
      create index attempt_delivery on attempt (lane, id, notice);

      create table dead_letter (
        lane smallint not null,
        id bigint not null,
        notice smallint not null,
        app_id text not null,
        page_id text not null,
        psid text not null,
        reason text not null,
        at timestamptz not null,
        -- When the app acknowledged a delivery that told of the gap.
        told_at timestamptz,
        replayed_at timestamptz,
        constraint dead_letter_pk primary key (lane, id, notice)
      );
      create index dead_letter_app on dead_letter (app_id, at);
      create index dead_letter_untold on dead_letter (lane) where told_at is null;

      -- Deliveries someone asked to be sent again, until they are.
      create table replay (
        lane smallint not null,
        app_id text not null,
        id bigint not null,
        notice smallint not null,
        requested_at timestamptz not null,
        constraint replay_pk primary key (lane, app_id, id, notice)
      );

      -- Instances that dispatch, so that each knows its share of the lanes.
      create table dispatcher (
        holder text constraint dispatcher_pk primary key,
        seen_at timestamptz not null
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table dispatcher, replay, dead_letter, attempt, stalled, owed, cursor, quarantine, log, thread, route,
        access_token, connection, app, page, lane, configuration
    `);
  }
}

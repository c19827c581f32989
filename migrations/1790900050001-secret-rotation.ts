import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An app's secret of before, which is accepted for a while after a change, and whether its calls must bring a proof. */
export class SecretRotation1790900050001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table app
        add column previous_app_secret text,
        add column previous_app_secret_expires_at timestamptz,
        add column appsecret_proof_required boolean not null default false,
        add constraint app_previous_secret_check
          check ((previous_app_secret is null) = (previous_app_secret_expires_at is null))
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      alter table app
        drop column previous_app_secret,
        drop column previous_app_secret_expires_at,
        drop column appsecret_proof_required
    `);
  }
}

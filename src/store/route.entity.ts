import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AppId, PageId } from '../domain/ids.js';

export type RouteKind = 'ad' | 'link';

/** An ad or a link of a page and the app that answers who comes through it. */
@Entity('route')
export class RouteEntity {
  @PrimaryColumn('text', { name: 'page_id', primaryKeyConstraintName: 'route_pk' })
  pageId!: PageId;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'route_pk' })
  kind!: RouteKind;

  /** The ad's id or the link's `ref`. */
  @PrimaryColumn('text', { primaryKeyConstraintName: 'route_pk' })
  key!: string;

  @Column('text', { name: 'app_id' })
  appId!: AppId;

  /** Ads only: the `ref` their referral carries. */
  @Column('text', { nullable: true })
  ref!: string | null;

  /** Ads only: the title people saw. */
  @Column('text', { nullable: true })
  title!: string | null;

  /** Ads only: the welcome template, as JSON. */
  @Column('text', { nullable: true })
  template!: string | null;
}

/**
 * What the console reads, as queries. The first part of every key names the kind of thing; live events invalidate by it
 * (see `live/apply.ts`), so a new query needs a key under one of these roots to stay fresh.
 */
import { queryOptions } from '@tanstack/react-query';
import { api, path } from './client.js';
import { everything } from './everything.js';
import type {
  AdRoute,
  App,
  Connection,
  Delivery,
  DeliveryRequest,
  LinkRoute,
  LogEntry,
  Machine,
  Page,
  Session,
  Thread,
} from './types.js';

export const keys = {
  session: ['session'],
  /** Pages, apps, connections, routes, checks. */
  configuration: ['configuration'],
  /** Lists of threads. */
  threads: ['threads'],
  thread: (pageId: string, psid: string) => ['thread', pageId, psid],
  /** Lists of deliveries, one delivery, the health of apps. */
  deliveries: ['deliveries'],
  clock: ['clock'],
} as const;

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: ({ signal }) => api.get<Session>('/session', {}, signal),
  retry: false,
  staleTime: Infinity,
});

export const pagesQuery = queryOptions({
  queryKey: [...keys.configuration, 'pages'],
  queryFn: ({ signal }) => everything<Page>('/pages', {}, signal),
});

export const appsQuery = queryOptions({
  queryKey: [...keys.configuration, 'apps'],
  queryFn: ({ signal }) => everything<App>('/apps', {}, signal),
});

export const connectionsQuery = (pageId: string) =>
  queryOptions({
    queryKey: [...keys.configuration, 'connections', pageId],
    queryFn: ({ signal }) => everything<Connection>(path`/pages/${pageId}/apps`, {}, signal),
  });

export const adRoutesQuery = (pageId: string) =>
  queryOptions({
    queryKey: [...keys.configuration, 'ads', pageId],
    queryFn: ({ signal }) => everything<AdRoute>(path`/pages/${pageId}/routes/ads`, {}, signal),
  });

export const linkRoutesQuery = (pageId: string) =>
  queryOptions({
    queryKey: [...keys.configuration, 'links', pageId],
    queryFn: ({ signal }) => everything<LinkRoute>(path`/pages/${pageId}/routes/links`, {}, signal),
  });

/** Never changes while a server runs. */
export const machineQuery = queryOptions({
  queryKey: ['machine'],
  queryFn: ({ signal }) => api.get<Machine>('/machine', {}, signal),
  staleTime: Infinity,
});

export const threadQuery = (pageId: string, psid: string) =>
  queryOptions({
    queryKey: [...keys.thread(pageId, psid), 'state'],
    queryFn: ({ signal }) => api.get<Thread>(path`/threads/${pageId}/${psid}`, {}, signal),
  });

/** Everything that happened in a thread, oldest first. Live events are appended to it. */
export const eventsQuery = (pageId: string, psid: string) =>
  queryOptions({
    queryKey: [...keys.thread(pageId, psid), 'events'],
    queryFn: ({ signal }) => everything<LogEntry>(path`/threads/${pageId}/${psid}/events`, {}, signal),
    refetchOnWindowFocus: false,
  });

export const threadDeliveriesQuery = (pageId: string, psid: string) =>
  queryOptions({
    queryKey: [...keys.thread(pageId, psid), 'deliveries'],
    queryFn: ({ signal }) => everything<Delivery>(path`/threads/${pageId}/${psid}/deliveries`, {}, signal),
  });

export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.deliveries, 'one', id],
    queryFn: ({ signal }) => api.get<Delivery>(path`/deliveries/${id}`, {}, signal),
  });

/** What is sent, to the byte: as much of it as whoever is signed in may see. */
export const deliveryRequestQuery = (id: string) =>
  queryOptions({
    queryKey: [...keys.deliveries, 'request', id],
    queryFn: ({ signal }) => api.get<DeliveryRequest>(path`/deliveries/${id}/request`, {}, signal),
  });

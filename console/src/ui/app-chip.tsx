import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { appsQuery } from '../api/queries.js';
import { hueOf, huesOf } from './hue.js';

/** The names and colours of all apps. */
export function useApps(): { nameOf: (appId: string) => string; hueOf: (appId: string) => number } {
  const { data: apps } = useQuery(appsQuery);
  return useMemo(() => {
    const names = new Map(apps?.map((app) => [app.app_id, app.name]));
    const hues = huesOf([...names.keys()]);
    return {
      nameOf: (appId) => names.get(appId) ?? `App ${appId}`,
      hueOf: (appId) => hues.get(appId) ?? hueOf(appId),
    };
  }, [apps]);
}

/** An app by its name, in its colour; nobody where there is none. */
export function AppChip({ appId, nobody = 'nobody' }: { appId: string | null; nobody?: string }) {
  const apps = useApps();
  if (appId === null) return <span className="nobody">{nobody}</span>;
  return (
    <span className="app-chip" data-hue={apps.hueOf(appId)} title={appId}>
      <span>{apps.nameOf(appId)}</span>
    </span>
  );
}

import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { appsQuery } from '../../api/queries.js';
import { DeliveryDialog, deliveryStatusNames } from '../thread/delivery-dialog.js';
import { AppHealth } from './app-health.js';
import { DeliveryLog } from './delivery-log.js';
import './deliveries.css';

const statuses = ['dead_letter', 'retrying', 'held', 'pending', 'replaying', 'delivered'] as const;
/** What each app was owed and got. */
export function Component() {
  const [parameters, setParameters] = useSearchParams();
  const appId = parameters.get('app');
  const status = statuses.find((name) => name === parameters.get('status')) ?? null;
  const opened = parameters.get('delivery');
  const put = (name: string, value: string | null) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      if (value === null || value === '') next.delete(name);
      else next.set(name, value);
      return next;
    });
  const { data: apps = [] } = useQuery(appsQuery);
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Deliveries</h1>
        <select
          className="input deliveries-filter"
          aria-label="App"
          value={appId ?? ''}
          onChange={({ target }) => put('app', target.value)}
        >
          <option value="">Every app</option>
          {apps.map((app) => (
            <option key={app.app_id} value={app.app_id}>
              {app.name}
            </option>
          ))}
        </select>
        <select
          className="input deliveries-filter"
          aria-label="Status"
          value={status ?? ''}
          onChange={({ target }) => put('status', target.value)}
        >
          <option value="">Any status</option>
          {statuses.map((name) => (
            <option key={name} value={name}>
              {deliveryStatusNames[name]}
            </option>
          ))}
        </select>
      </header>
      <AppHealth filter={(id, wanted) => setParameters(withFilter(parameters, id, wanted))} />
      <DeliveryLog
        key={`${appId ?? ''} ${status ?? ''}`}
        appId={appId}
        status={status}
        open={(id) => put('delivery', id)}
        clear={() => setParameters(withFilter(parameters, null, null))}
      />
      {opened !== null && <DeliveryDialog id={opened} onClose={() => put('delivery', null)} />}
    </div>
  );
}

function withFilter(parameters: URLSearchParams, appId: string | null, status: string | null): URLSearchParams {
  const next = new URLSearchParams(parameters);
  for (const [name, value] of Object.entries({ app: appId, status })) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}

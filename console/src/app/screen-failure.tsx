import { useRouteError } from 'react-router';
import { Failure } from '../ui/state.js';

/** A screen broke, or its code could not be loaded. */
export function ScreenFailure() {
  const error = useRouteError();
  return <Failure error={error} retry={() => window.location.reload()} />;
}

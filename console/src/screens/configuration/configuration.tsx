import { Link, NavLink, Route, Routes } from 'react-router';
import { Signpost } from 'lucide-react';
import { useScope } from '../../app/scope.js';
import { Empty } from '../../ui/state.js';
import { Apps } from './apps.js';
import { PageScreen } from './page-screen.js';
import { Pages } from './pages.js';
import './configuration.css';

/** Pages and apps, how they are connected, and where conversations go. */
export function Component() {
  const scope = useScope();
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Configuration</h1>
      </header>
      <nav className="tabs" aria-label="Configuration">
        <NavLink className="tab" to={scope.to('/configuration')} end>
          Pages
        </NavLink>
        <NavLink className="tab" to={scope.to('/configuration/apps')}>
          Apps
        </NavLink>
      </nav>
      <Routes>
        <Route index element={<Pages />} />
        <Route path="apps" element={<Apps />} />
        <Route path="pages/:pageId" element={<PageScreen />} />
        <Route
          path="*"
          element={
            <Empty
              icon={Signpost}
              title="There is no such part of the configuration"
              actions={
                <Link className="button" to={scope.to('/configuration')}>
                  Go to the pages
                </Link>
              }
            >
              The address may be of another version of the console.
            </Empty>
          }
        />
      </Routes>
    </div>
  );
}

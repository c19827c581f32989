import { Link, NavLink, Route, Routes, useLocation } from 'react-router';
import { Signpost } from 'lucide-react';
import { useRefusal } from '../../app/role.js';
import { useScope } from '../../app/scope.js';
import { Notice } from '../../ui/notice.js';
import { Empty } from '../../ui/state.js';
import { Apps } from './apps.js';
import { Audit } from './audit.js';
import { PageScreen } from './page-screen.js';
import { Pages } from './pages.js';
import { Tokens } from './tokens.js';
import './configuration.css';

/** Pages and apps, how they are connected, and where conversations go. */
export function Component() {
  const scope = useScope();
  const refusal = useRefusal('admin');
  // A page's own screen belongs to the pages.
  const inPages = /^\/configuration(\/pages\/.*)?\/?$/.test(useLocation().pathname);
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Configuration</h1>
      </header>
      <nav className="tabs" aria-label="Configuration">
        <Link className="tab" to={scope.to('/configuration')} aria-current={inPages ? 'page' : undefined}>
          Pages
        </Link>
        <NavLink className="tab" to={scope.to('/configuration/apps')}>
          Apps
        </NavLink>
        <NavLink className="tab" to={scope.to('/configuration/tokens')}>
          Admin tokens
        </NavLink>
        <NavLink className="tab" to={scope.to('/configuration/audit')}>
          Audit trail
        </NavLink>
      </nav>
      {refusal !== undefined && <Notice>{refusal} You see the configuration; ask an admin to change it.</Notice>}
      <Routes>
        <Route index element={<Pages />} />
        <Route path="apps" element={<Apps />} />
        <Route path="tokens" element={<Tokens />} />
        <Route path="audit" element={<Audit />} />
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

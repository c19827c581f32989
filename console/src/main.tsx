import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import './ui/tokens.css';
import './ui/base.css';
import './ui/ui.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import { ApiProblem } from './api/problem.js';
import { router } from './app/router.js';
import { applyTheme } from './app/theme.js';
import { ToastProvider } from './ui/toast.js';

/** Live events keep queries fresh; this is for what a stream that was down has missed. */
const staleMs = 30_000;
const retriesMax = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: staleMs,
      // A refusal stays one; what is unreachable or busy may answer next time.
      retry: (failures, error) => failures < retriesMax && !(error instanceof ApiProblem && error.status < 500),
    },
  },
});

applyTheme();
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <ToastProvider>
        <RouterProvider router={router} />
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
);

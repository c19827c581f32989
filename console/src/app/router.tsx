import { createBrowserRouter, redirect } from 'react-router';
import { ScreenFailure } from './screen-failure.js';
import { Shell } from './shell.js';

/** Each screen is loaded when it is first opened. A screen's module exports the component as `Component`. */
export const router = createBrowserRouter([
  {
    path: '/sign-in',
    lazy: () => import('../screens/sign-in/sign-in.js'),
    ErrorBoundary: ScreenFailure,
  },
  {
    path: '/',
    Component: Shell,
    HydrateFallback: () => null,
    ErrorBoundary: ScreenFailure,
    children: [
      {
        ErrorBoundary: ScreenFailure,
        children: [
          { index: true, loader: () => redirect('/threads') },
          { path: 'threads', lazy: () => import('../screens/threads/threads.js') },
          { path: 'threads/:pageId/:psid', lazy: () => import('../screens/thread/thread.js') },
          { path: 'customer', lazy: () => import('../screens/customer/customer.js') },
          { path: 'inbox', lazy: () => import('../screens/inbox/inbox.js') },
          { path: 'configuration/*', lazy: () => import('../screens/configuration/configuration.js') },
          { path: 'deliveries/*', lazy: () => import('../screens/deliveries/deliveries.js') },
          { path: '*', lazy: () => import('./not-found.js') },
        ],
      },
    ],
  },
]);

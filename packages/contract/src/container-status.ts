import * as z from 'zod';
import { lazy } from './lazy.ts';

export const CONTAINER_STATUSES = [
  'creating',
  'running',
  'paused',
  'stopped',
  'failed',
  'deleted',
  'copying',
  'deleting',
  'claiming',
] as const;
/** What a container is. While an operation runs on it, the status stays the one that it started from. */
export const ContainerStatus = lazy(() => z.enum(CONTAINER_STATUSES));
export type ContainerStatus = (typeof CONTAINER_STATUSES)[number];

export const CONTAINER_OPERATIONS = ['start', 'stop', 'force-stop', 'restart', 'pause', 'resume'] as const;
/** Last path segment of `POST /api/v1/containers/{id}/{operation}`. */
export const ContainerOperation = lazy(() => z.enum(CONTAINER_OPERATIONS));
export type ContainerOperation = (typeof CONTAINER_OPERATIONS)[number];

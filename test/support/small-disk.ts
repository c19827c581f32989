import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasCode } from '../../src/store/postgres-binaries.js';

const DISK_FULL = 'ENOSPC';

/** A file system of its own, in memory, that can be full. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Throws if this machine does not let us mount anything: that takes root, and a container may not have it either. */
  static mount(megabytes: number): SmallDisk {
    const folder = path.join(tmpdir(), `signalbox-disk-${randomBytes(4).toString('hex')}`);
    mkdirSync(folder);
    const { status, stderr, error } = spawnSync(
      'mount',
      ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder],
      { encoding: 'utf8' },
    );
    if (status === 0) return new SmallDisk(folder);
    rmdirSync(folder);
    throw new Error(`no file system can be mounted here: ${error?.message ?? stderr}`);
  }

  /** Why there can be none here; null: there can be. */
  static obstacle(): string | null {
    try {
      SmallDisk.mount(1).unmount();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  get #ballast(): string {
    return path.join(this.folder, 'ballast');
  }

  /** Takes all the space that is left. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (let block = Buffer.alloc(1024 * 1024, 1); block.length > 0;) {
        try {
          writeSync(file, block);
        } catch (error) {
          if (!hasCode(error, DISK_FULL)) throw error;
          block = block.subarray(0, Math.floor(block.length / 2));
        }
      }
    } finally {
      closeSync(file);
    }
  }

  /** Somebody has cleared up. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  unmount(): void {
    spawnSync('umount', ['--lazy', this.folder]);
    rmdirSync(this.folder);
  }
}

/** Looks up what a notice is about. */
import type { Notice } from '../../domain/notice.js';
import type { Pool } from '../../store/pool.js';
import { plainStory, type Story } from './story.js';

export async function readStory(_pool: Pool, model: string, notice: Notice): Promise<Story> {
  return Promise.resolve(plainStory(model, notice.text));
}

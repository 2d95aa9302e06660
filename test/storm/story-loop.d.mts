import type { Step } from './story.mjs';

export function buildLoopStory(): Step[];

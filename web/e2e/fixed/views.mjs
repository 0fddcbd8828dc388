// The views of the page as the fixed restaurant shows them.
import { NEW, ROOM, VIDEO, WHY } from './documents.mjs'

/** By name: the address, and what is there once it has begun to show. */
export const VIEWS = {
  floor: ['floor', '.table-card'],
  plan: ['floor?as=plan', '.tile'],
  why: [`floor?why=${WHY}`, '.looks li'],
  cameras: ['cameras', '.cards .shot img'],
  camera: [`cameras/${ROOM}`, '.stage img'],
  editor: [`cameras/${ROOM}/tables`, '.seen'],
  'set-up': [`cameras/${NEW}/set-up/tables`, '.canvas img'],
  videos: ['videos', '.entries a'],
  video: [`videos/${VIDEO}`, '.frames li'],
  hazards: ['hazards', '.alert'],
  settings: ['settings', '.rows .texts'],
}

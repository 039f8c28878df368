import { askAgain } from './ask-again.js';
import { backfillPage, beginBackfill, rerunInput } from './backfills.js';
import { cancelRun } from './cancel-run.js';
import { checkHolders } from './check-holders.js';
import type { ActivityDependencies } from './dependencies.js';
import { endUntaken } from './end-untaken.js';
import { findRun } from './find-run.js';
import { findStray } from './find-stray.js';
import { getLastCompletedRun } from './get-last-completed-run.js';
import { getRunStatus, pollRun } from './get-run-status.js';
import { listSchedules, lookAtSchedules } from './keeper/look-at-schedules.js';
import { findKeyHolder, keySpace, openHolders, readJoined } from './key-holders.js';
import { leaveRun } from './leave-run.js';
import { listLiveRuns } from './list-live-runs.js';
import { listStartedProjects } from './list-started-projects.js';
import { listStrays } from './list-strays.js';
import { listUncleanEnds } from './list-unclean-ends.js';
import { loadPipeline } from './load-pipeline.js';
import { lookAtQueue } from './look-at-queue.js';
import { lookForStart } from './look-for-start.js';
import { lookForStrays } from './look-for-strays.js';
import { notify, notifyTargets } from './notify.js';
import { pipelinesSearchable } from './pipelines-searchable.js';
import { placeInLine } from './place-in-line.js';
import { reachHex } from './reach-hex.js';
import { recallLimiter } from './recall-limiter.js';
import { reportToLimiter, requestStart } from './request-start.js';
import { httpProblems, sendHttp } from './send-http.js';
import { readEndings } from './sensor/read-endings.js';
import { startForEndings } from './sensor/start-for-endings.js';
import { triggerRun } from './trigger-run.js';
import { waitFor } from './wait-for.js';

export type { ActivityDependencies, RunOwners } from './dependencies.js';
export type { Limiters } from './limiters.js';

/** All activities, ready to be given to a `Worker`. */
export function createActivities(dependencies: ActivityDependencies) {
  return {
    requestStart: requestStart(dependencies),
    reportToLimiter: reportToLimiter(dependencies),
    placeInLine: placeInLine(dependencies),
    checkHolders: checkHolders(dependencies),
    lookForStart: lookForStart(dependencies),
    recallLimiter: recallLimiter(dependencies),
    askAgain: askAgain(dependencies),
    triggerRun: triggerRun(dependencies),
    pollRun: pollRun(dependencies),
    getRunStatus: getRunStatus(dependencies),
    cancelRun: cancelRun(dependencies),
    leaveRun: leaveRun(dependencies),
    findRun: findRun(dependencies),
    keySpace: keySpace(dependencies),
    findKeyHolder: findKeyHolder(dependencies),
    openHolders: openHolders(dependencies),
    readJoined: readJoined(dependencies),
    listLiveRuns: listLiveRuns(dependencies),
    listStrays: listStrays(),
    listStartedProjects: listStartedProjects(dependencies),
    listUncleanEnds: listUncleanEnds(dependencies),
    findStray: findStray(dependencies),
    lookForStrays: lookForStrays(dependencies),
    getLastCompletedRun: getLastCompletedRun(dependencies),
    loadPipeline: loadPipeline(dependencies),
    sendHttp: sendHttp(dependencies),
    httpProblems: httpProblems(dependencies),
    waitFor: waitFor(dependencies),
    readEndings: readEndings(dependencies),
    startForEndings: startForEndings(dependencies),
    pipelinesSearchable: pipelinesSearchable(dependencies),
    reachHex: reachHex(dependencies),
    notify: notify(dependencies),
    notifyTargets: notifyTargets(dependencies),
    listSchedules: listSchedules(dependencies),
    lookAtSchedules: lookAtSchedules(dependencies),
    lookAtQueue: lookAtQueue(dependencies),
    endUntaken: endUntaken(dependencies),
    beginBackfill: beginBackfill(dependencies),
    backfillPage: backfillPage(dependencies),
    rerunInput: rerunInput(dependencies),
  };
}

/** The activities as workflows see them. */
export type HexActivities = ReturnType<typeof createActivities>;

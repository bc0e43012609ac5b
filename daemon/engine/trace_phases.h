/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of packet-tracer: what a stage of the pipeline has found, as a phase of the record.
 *
 * Responsible for: which stages make a phase, its type, result, configuration lines and remarks.
 * Not responsible for: deciding anything; the walk holds all answers when this is called.
 *
 * Callers: pipeline.c, through the trace of a dry walk (trace->arg is the struct tracer).
 * Threads: asa->lock held.
 */
#ifndef ENGINE_TRACE_PHASES_H
#define ENGINE_TRACE_PHASES_H

#include "engine/engine_impl.h"

void trace_phases_after(struct walk *w, stage_fn *stage, enum asa_drop why);

#endif

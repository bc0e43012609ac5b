/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The place of application inspection in the slow path.
 *
 * stage_inspect() of the engine is where a connection's payload is shown to its inspector: after
 * the normalizer and before rewriting, for every packet of a connection whose directions carry
 * ASA_DIR_INSPECT. A connection gets its inspector when it is created (policy_service.inspect, kept
 * in asa_session.inspect), never when it is bypassed (BYP-6).
 *
 * An inspector reads messages and asks for things (another connection's pinhole, a replacement);
 * translation, lengths, sequence shifts and checksums are the framework's. None exists yet: no
 * connection is marked for inspection, and policy_service.inspect only chooses a message.
 */
#ifndef INSPECT_INSPECT_H
#define INSPECT_INSPECT_H

#define INSPECT_NONE 0 /* value of asa_session.inspect without an inspector */

#endif

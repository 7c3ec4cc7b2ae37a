/* SPDX-License-Identifier: Apache-2.0
 *
 * clock: the only source of time. Everything that waits or compares times asks here, so that a test
 * can move time (net/loop.h has loop_advance, which moves this clock and runs the timers due).
 */
#ifndef PAWL_BASE_CLOCK_H
#define PAWL_BASE_CLOCK_H

#include "base/base.h"

/* Since an arbitrary start, never goes back: for durations and timers. */
ns_t clock_mono(void);
/* Since 1970-01-01T00:00:00Z, as the machine believes: for what is shown or sent. */
ns_t clock_real(void);

/* Tests: time stands still at these values until clock_fake_advance. Not thread safe. */
void clock_fake_start(ns_t mono, ns_t real);
void clock_fake_advance(ns_t by);
void clock_fake_stop(void);
bool clock_is_fake(void);

#endif

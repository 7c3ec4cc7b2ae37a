/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

static struct {
    bool on;
    ns_t mono;
    ns_t real;
} fake;

static ns_t read_clock(clockid_t id)
{
    struct timespec now;
    must(clock_gettime(id, &now) == 0);
    return (ns_t)now.tv_sec * NS_S + now.tv_nsec;
}

ns_t clock_mono(void)
{
    return fake.on ? fake.mono : read_clock(CLOCK_MONOTONIC);
}

ns_t clock_real(void)
{
    return fake.on ? fake.real : read_clock(CLOCK_REALTIME);
}

void clock_fake_start(ns_t mono, ns_t real)
{
    fake.on = true;
    fake.mono = mono;
    fake.real = real;
}

void clock_fake_advance(ns_t by)
{
    must(fake.on && by >= 0);
    fake.mono += by;
    fake.real += by;
}

void clock_fake_stop(void)
{
    fake.on = false;
}

bool clock_is_fake(void)
{
    return fake.on;
}

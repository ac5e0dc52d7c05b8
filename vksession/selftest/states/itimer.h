/* SPDX-License-Identifier: GPL-2.0-or-later */
/** @file Interval timers that count what a process computes. */
#pragma once

/** A state: a timer of setitimer(2) that runs while the process computes fires before and after. */
void check_cpu_itimer(int which, int signal_number);

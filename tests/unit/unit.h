/*
 * unit.h - what a unit test file gives to main.c
 *
 * Each *_test.c becomes a program of its own: it defines unit_suite() and is
 * linked with main.c and the archive that the programs are made of.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <check.h>

/* The tests of one source file; the runner owns and frees the suite. */
Suite	*unit_suite(void);

#endif

/*
 * fault.h - what a conversation that failed (talk.h) means to a collection
 */
#ifndef POSTROOM_FETCH_FAULT_H
#define POSTROOM_FETCH_FAULT_H

#include "fetch/service.h"
#include "lib/base/talk.h"

/* The end that it is, as long as the server's words tell no other. */
enum fetch_end	 fault_end(enum talk_fault);
/* The words that came with it are the server's. */
bool		 fault_is_said(enum talk_fault);

#endif

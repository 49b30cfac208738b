/*
 * What a target is made of, for target.c and target_adapt.c alone.
 */
#ifndef EMITTER_TARGET_INSIDE_H
#define EMITTER_TARGET_INSIDE_H

#include "emitter/push/outage.h"
#include "emitter/push/target.h"

struct connection;
struct delivery;
struct event;
struct session;

struct target {
    struct event_base *base;
    struct connector *connector;
    struct delivery *delivery;
    struct target_options options;
    char *name;

    struct connection *connection; /* while connecting */
    struct session *session;       /* while up */
    struct event *retry;           /* pending while down, unless stopping */
    uint64_t connections;          /* made, ever */
    unsigned failures;             /* in a row; a connection that lasts ends the row */
    bool shaky;                    /* the last connection broke early: not healed until one lasts */
    bool stopping;

    char error[128];
    struct outage outage;
};

/* While up: sends what there is to send, and says so when nothing is left of a trouble. */
void target_push(struct target *target);

/* Leaves the connection for a new one, at once; whatever was wrong before is forgiven. */
void target_renew(struct target *target);

#endif

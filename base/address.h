/*
 * Addresses as an operator writes them: where a door listens (`127.0.0.1:7070`, `[::1]:7070`,
 * `localhost:7070`, `unix:/run/altimeter/lines`) and whom a target names (`graphite.example:2003`,
 * `[2001:db8::1]:2003`). Parsing only: no name is resolved and nothing is opened here.
 *
 * Errors: -1 and `why` points to a static text that says what is accepted. Threads: any.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_HOST_MAX 255 /* bytes of a host name, RFC 1035 2.3.4 */

struct address {
    struct sockaddr_storage sockaddr; /* AF_INET, AF_INET6 or AF_UNIX */
    socklen_t len;
};

struct address_peer {
    char host[ADDRESS_HOST_MAX + 1]; /* a name, or an address without brackets */
    uint16_t port;                   /* 1..65535 */
};

/*
 * `ADDR:PORT` with a numeric ADDR (IPv6 in brackets) or `localhost`, which is 127.0.0.1; or
 * `unix:PATH` with an absolute path that fits a sockaddr_un. PORT is 0..65535; 0 lets the system
 * choose.
 */
int address_parse_listen(const char *text, struct address *address, const char **why);

/* Whether only this machine can reach it: a unix socket, 127.0.0.0/8 (IPv4-mapped too) or ::1. */
bool address_local(const struct address *address);

/* `HOST:PORT`, PORT 1..65535. */
int address_parse_peer(const char *text, struct address_peer *peer, const char **why);

/* The way back: writes `ADDR:PORT` or `unix:PATH`. `text` holds at least ADDRESS_TEXT_MAX bytes. */
#define ADDRESS_TEXT_MAX 128
void address_format(const struct address *address, char *text);

#endif

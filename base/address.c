#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"
#define HOST_BYTES                                                                                 \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                                   \
    "abcdefghijklmnopqrstuvwxyz"                                                                   \
    "0123456789._-"

static const char listen_why[] = "accepted are ADDR:PORT with a numeric ADDR (IPv6 in brackets) or "
                                 "localhost and PORT 0..65535, and unix:PATH";
static const char path_why[] = "unix:PATH takes an absolute path of at most 107 bytes";
static const char peer_why[] =
    "accepted is HOST:PORT with a name or an address (IPv6 in brackets) and PORT 1..65535";

/* Decimal digits and nothing else; -1 where it is no port. */
static long parse_port(const char *text)
{
    size_t len = strlen(text);
    long port = 0;

    if (len == 0 || len > 5 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1))
        return -1;
    for (size_t i = 0; i < len; i++)
        port = port * 10 + (text[i] - '0');
    return port <= UINT16_MAX ? port : -1;
}

/* Splits `HOST:PORT`; the host comes without its brackets. */
static int split(const char *text, char host[ADDRESS_HOST_MAX + 1], long *port, bool *bracketed)
{
    const char *colon = strrchr(text, ':');

    if (!colon)
        return -1;
    size_t len = (size_t)(colon - text);
    *bracketed = len >= 2 && text[0] == '[' && colon[-1] == ']';
    if (*bracketed) {
        text++;
        len -= 2;
    }
    *port = parse_port(colon + 1);
    if (*port < 0 || len == 0 || len > ADDRESS_HOST_MAX)
        return -1;
    memcpy(host, text, len);
    host[len] = '\0';
    return 0;
}

static int parse_unix(const char *path, struct address *address, const char **why)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&address->sockaddr;
    size_t len = strlen(path);

    *why = path_why;
    if (path[0] != '/' || len >= sizeof un->sun_path)
        return -1;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len + 1);
    address->len = sizeof *un;
    return 0;
}

int address_parse_listen(const char *text, struct address *address, const char **why)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&address->sockaddr;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->sockaddr;
    char host[ADDRESS_HOST_MAX + 1];
    long port = 0;
    bool bracketed = false;

    *address = (struct address){0};
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return parse_unix(text + strlen(UNIX_PREFIX), address, why);

    *why = listen_why;
    if (split(text, host, &port, &bracketed) < 0)
        return -1;
    if (bracketed) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        address->len = sizeof *in6;
        return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 ? 0 : -1;
    }
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)port);
    address->len = sizeof *in;
    const char *numeric = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    return inet_pton(AF_INET, numeric, &in->sin_addr) == 1 ? 0 : -1;
}

static bool loopback4(const unsigned char *bytes)
{
    return bytes[0] == 127;
}

bool address_local(const struct address *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->sockaddr;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->sockaddr;

    switch (address->sockaddr.ss_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        return loopback4((const unsigned char *)&in->sin_addr);
    case AF_INET6:
        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && loopback4(&in6->sin6_addr.s6_addr[12]));
    default:
        return false;
    }
}

int address_parse_peer(const char *text, struct address_peer *peer, const char **why)
{
    struct in6_addr unused;
    long port = 0;
    bool bracketed = false;

    *why = peer_why;
    if (split(text, peer->host, &port, &bracketed) < 0 || port == 0)
        return -1;
    peer->port = (uint16_t)port;
    if (bracketed)
        return inet_pton(AF_INET6, peer->host, &unused) == 1 ? 0 : -1;
    bool sane = peer->host[0] != '-' && peer->host[0] != '.' &&
                peer->host[strspn(peer->host, HOST_BYTES)] == '\0';
    return sane ? 0 : -1;
}

void address_format(const struct address *address, char *text)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address->sockaddr;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->sockaddr;
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->sockaddr;
    char host[INET6_ADDRSTRLEN] = "";

    switch (address->sockaddr.ss_family) {
    case AF_UNIX:
        snprintf(text, ADDRESS_TEXT_MAX, UNIX_PREFIX "%s", un->sun_path);
        break;
    case AF_INET:
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", host, (unsigned)ntohs(in->sin_port));
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", host, (unsigned)ntohs(in6->sin6_port));
        break;
    default:
        text[0] = '\0';
    }
}

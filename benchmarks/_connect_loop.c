/* The far end of the agent's benchmarks, and the plain epoll loop that it is measured against.
 *
 *   serve SPEC...              listen, and behave as each SPEC says, until stdin ends
 *   connect IN_FLIGHT N SPEC...  connect to N places of the SPECs in turn and say how it went
 *
 * SPEC is BEHAVIOUR,FIRST_ADDRESS,ADDRESSES,PORT. Compiled by probe_agent.py when it runs, in a network
 * namespace of its own. Nothing is parsed, capped or written for each look here: it is what the kernel costs.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLOSES, RESETS, SILENT, BANNER_OLD, BANNER_NEW, HTTP_OLD, HTTP_NEW, HTTP_SLOW, DEAF, KINDS };
static const char *NAMES[KINDS] = {"closes",   "resets",   "silent",   "banner-old", "banner-new",
                                   "http-old", "http-new", "http-slow", "deaf"};
#define FILES 65536
#define SLOW_SECONDS 1.0

static unsigned char kind_of[FILES], listens[FILES];
static struct { int fd; double due; } slow[FILES];
static unsigned slow_first, slow_last;
static double due_of[FILES];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

struct spec { int kind; uint32_t first; unsigned addresses; int port; };

static struct spec read_spec(char *text) {
    struct spec spec = {-1, 0, 0, 0};
    char *kind = strtok(text, ","), *first = strtok(NULL, ",");
    char *addresses = strtok(NULL, ","), *port = strtok(NULL, ",");
    struct in_addr address;
    /* 0.0.0.0 is every loopback address, in a network namespace that has nothing else. */
    if (!port || !inet_aton(first, &address) ||
        (address.s_addr && (ntohl(address.s_addr) >> 24) != 127))
        die("spec");
    for (int i = 0; i < KINDS; i++)
        if (!strcmp(kind, NAMES[i])) spec.kind = i;
    if (spec.kind < 0) die("kind");
    spec.first = ntohl(address.s_addr);
    spec.addresses = atoi(addresses);
    spec.port = atoi(port);
    return spec;
}

static struct sockaddr_in place(const struct spec *spec, unsigned i) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(spec->port)};
    at.sin_addr.s_addr = htonl(spec->first + i % spec->addresses);
    return at;
}

static void watch(int epoll, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static void answer(int fd, const char *side) {
    char text[200];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\nside=%s\n",
                          (int)strlen(side) + 6, side);
    if (write(fd, text, length) < 0) { /* the other end is gone, which is its own business */ }
    close(fd);
}

static void say(int fd, const char *text) {
    if (write(fd, text, strlen(text)) < 0) { /* the same */ }
    close(fd);
}

static void accept_from(int epoll, int listener) {
    int kind = kind_of[listener];
    for (int i = 0; i < 16; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        if (fd >= FILES) die("too many files");
        kind_of[fd] = kind;
        listens[fd] = 0;
        due_of[fd] = 0;
        if (kind == CLOSES) close(fd);
        else if (kind == BANNER_OLD) say(fd, "hello side=old\r\n");
        else if (kind == BANNER_NEW) say(fd, "hello side=new\r\n");
        else if (kind == RESETS) {
            struct linger rude = {1, 0};
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &rude, sizeof rude);
            close(fd);
        } else watch(epoll, fd, EPOLLIN);
    }
}

static void hear(int epoll, int fd) {
    char heard[4096];
    ssize_t n = read(fd, heard, sizeof heard);
    int kind = kind_of[fd];
    if (n <= 0) {
        due_of[fd] = 0;
        close(fd);
    } else if (kind == HTTP_OLD || kind == HTTP_NEW) {
        answer(fd, kind == HTTP_OLD ? "old" : "new");
    } else if (kind == HTTP_SLOW) {
        slow[slow_last % FILES].fd = fd;
        slow[slow_last++ % FILES].due = due_of[fd] = now() + SLOW_SECONDS;
    }
    (void)epoll;
}

static int serve(int count, char **specs) {
    int epoll = epoll_create1(0), on = 1;
    for (int s = 0; s < count; s++) {
        struct spec spec = read_spec(specs[s]);
        for (unsigned i = 0; i < spec.addresses; i++) {
            struct sockaddr_in at = place(&spec, i);
            int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            if (fd < 0 || fd >= FILES || bind(fd, (void *)&at, sizeof at)) die("bind");
            /* A deaf one fills its own queue: from then on the kernel drops whoever knocks. */
            if (listen(fd, spec.kind == DEAF ? 0 : 4096)) die("listen");
            kind_of[fd] = spec.kind;
            listens[fd] = 1;
            if (spec.kind != DEAF) watch(epoll, fd, EPOLLIN);
            else for (int k = 0; k < 2; k++) {
                int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                connect(filler, (void *)&at, sizeof at);
            }
        }
    }
    watch(epoll, 0, EPOLLIN);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct epoll_event events[512];
        int wait = slow_first == slow_last ? 1000 : 5;
        int n = epoll_wait(epoll, events, 512, wait);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == 0) return 0;
            if (listens[fd]) accept_from(epoll, fd);
            else hear(epoll, fd);
        }
        double t = slow_first == slow_last ? 0 : now();
        while (slow_first != slow_last && slow[slow_first % FILES].due <= t) {
            int fd = slow[slow_first % FILES].fd;
            /* Unless it was closed since, and the number belongs to another connection now. */
            if (due_of[fd] == slow[slow_first % FILES].due) answer(fd, "new");
            slow_first++;
        }
    }
}

static int connect_all(int in_flight, unsigned wanted, int count, char **texts) {
    struct spec specs[4096];
    int epoll = epoll_create1(0);
    unsigned begun = 0, ended = 0, ok = 0;
    for (int s = 0; s < count; s++) specs[s] = read_spec(texts[s]);
    double began = now();
    while (ended < wanted) {
        while (begun < wanted && begun - ended < (unsigned)in_flight) {
            const struct spec *spec = &specs[begun % count];
            struct sockaddr_in at = place(spec, begun / count);
            int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            if (fd < 0) die("socket");
            begun++;
            if (connect(fd, (void *)&at, sizeof at) && errno != EINPROGRESS) {
                close(fd);
                ended++;
            } else watch(epoll, fd, EPOLLOUT);
        }
        struct epoll_event events[512];
        int n = epoll_wait(epoll, events, 512, 1000);
        for (int i = 0; i < n; i++) {
            int error = 0;
            socklen_t size = sizeof error;
            getsockopt(events[i].data.fd, SOL_SOCKET, SO_ERROR, &error, &size);
            close(events[i].data.fd);
            ended++;
            ok += error == 0;
        }
    }
    printf("{\"ok\": %u, \"seconds\": %.6f}\n", ok, now() - began);
    return 0;
}

int main(int words, char **word) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max < FILES ? files.rlim_max : FILES;
    setrlimit(RLIMIT_NOFILE, &files);
    if (words > 2 && !strcmp(word[1], "serve")) return serve(words - 2, word + 2);
    if (words > 4 && !strcmp(word[1], "connect"))
        return connect_all(atoi(word[2]), atoi(word[3]), words - 4, word + 4);
    fputs("usage: serve SPEC... | connect IN_FLIGHT N SPEC...\n", stderr);
    return 2;
}

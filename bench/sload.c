// The benchmark's streaming client: one thread that keeps many event streams open at once.
//   sload PORT REQUEST_FILE CONNECTIONS SECONDS RAMP_MS LATE_MS
// REQUEST_FILE holds one raw HTTP/1.1 request; each connection repeats it until the time is over.
// The transit of a chunk is now minus the "~T<16 digits>" that the mock wrote into it. Prints one JSON line.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, HEAD_BYTES = 8192, SIZE_BYTES = 64, REQUEST_BYTES = 65536, READ_BYTES = 65536, MOST_EVENTS = 512,
       MOST_CHUNKS = 8000000 };

// Where in an answer the next byte belongs.
typedef enum { HEAD, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, PLAIN_BODY, TRAILER } Part;

typedef struct {
    int fd;
    Part part;
    int status;
    bool ends_with_connection, saw_done, saw_usage;
    long left;                    // bytes of this chunk or body still to come; -1: until the connection ends
    char head[HEAD_BYTES];
    int head_length;
    char size_line[SIZE_BYTES];   // of a chunk; in the trailer only its length counts
    int size_length;
    char line[LINE_BYTES];        // of the event stream
    int line_length;
} Connection;

static struct {
    long streams, failed, without_done, without_usage, chunks, late;
    unsigned *transits_us;
} total;
static char request[REQUEST_BYTES];
static int request_length, port, poller;
static long late_us;

static int64_t now_us(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void send_request(Connection *connection) {
    connection->part = HEAD;
    connection->head_length = connection->line_length = connection->size_length = 0;
    connection->saw_done = connection->saw_usage = false;
    if (send(connection->fd, request, request_length, MSG_NOSIGNAL) != request_length) total.failed++;
}

static void open_connection(Connection *connection) {
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address)) {
        perror("sload: cannot connect");
        exit(1);
    }
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(connection->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &event);
    send_request(connection);
}

static void reopen(Connection *connection) {
    close(connection->fd);
    open_connection(connection);
}

// Only the first failure is told: the others are most likely its like.
static void count_refusal(const Connection *connection) {
    if (!total.failed++)
        fprintf(stderr, "sload: status %d: %.*s\n", connection->status, connection->line_length, connection->line);
}

static void count_break(const Connection *connection) {
    bool waiting = connection->part == HEAD && !connection->head_length;
    if (!total.failed++)
        fprintf(stderr, "sload: the gateway ended a connection %s\n", waiting ? "that it kept alive" : "within an answer");
}

static void end_answer(Connection *connection) {
    if (connection->status != 200) {
        count_refusal(connection);
    } else {
        total.streams++;
        total.without_done += !connection->saw_done;
        total.without_usage += !connection->saw_usage;
    }
    if (connection->ends_with_connection) reopen(connection);
    else send_request(connection);
}

static void count_chunk(const char *stamp, int64_t now) {
    long transit_us = now - atoll(stamp);
    if (transit_us < 0) transit_us = 0;
    if (total.chunks < MOST_CHUNKS) total.transits_us[total.chunks] = transit_us;
    total.chunks++;
    total.late += transit_us > late_us;
}

static void read_line(Connection *connection, int64_t now) {
    connection->line[connection->line_length] = 0;
    if (strncmp(connection->line, "data:", 5) != 0) return;
    const char *stamp = strstr(connection->line, "~T");
    if (stamp) count_chunk(stamp + 2, now);
    if (strstr(connection->line, "\"total_tokens\"")) connection->saw_usage = true;
    if (!stamp && strstr(connection->line, "[DONE]")) connection->saw_done = true;
}

// Cuts the body into lines; a refusal's body is kept as one line, to be shown.
static void read_body(Connection *connection, const char *bytes, long length, int64_t now) {
    while (length > 0) {
        const char *line_end = memchr(bytes, '\n', length);
        long taken = line_end ? line_end - bytes : length, room = LINE_BYTES - 1 - connection->line_length;
        long kept = taken < room ? taken : room;
        memcpy(connection->line + connection->line_length, bytes, kept);
        connection->line_length += kept;
        if (line_end && connection->status == 200) {
            read_line(connection, now);
            connection->line_length = 0;
        }
        taken += line_end != NULL;
        bytes += taken;
        length -= taken;
    }
}

static void read_head(Connection *connection) {
    connection->status = atoi(connection->head + strlen("HTTP/1.1 "));
    connection->ends_with_connection = strcasestr(connection->head, "\r\nconnection: close") != NULL;
    const char *length = strcasestr(connection->head, "\r\ncontent-length:");
    connection->left = length ? atol(length + strlen("\r\ncontent-length:")) : -1;
    connection->part = strcasestr(connection->head, "\r\ntransfer-encoding: chunked") ? CHUNK_SIZE : PLAIN_BODY;
    if (connection->part == PLAIN_BODY && connection->left < 0) connection->ends_with_connection = true;
}

// Each take_* function returns how many of the bytes it used.
static long take_head(Connection *connection, const char *bytes, long length) {
    int before = connection->head_length, room = HEAD_BYTES - 1 - before;
    if (!room) { fprintf(stderr, "sload: an answer's head has over %d bytes\n", HEAD_BYTES); exit(1); }
    int taken = length < room ? length : room;
    memcpy(connection->head + before, bytes, taken);
    connection->head_length += taken;
    connection->head[connection->head_length] = 0;
    char *end = strstr(connection->head, "\r\n\r\n");
    if (!end) return taken;
    end[2] = 0;
    read_head(connection);
    return end + 4 - connection->head - before;
}

static long take_size(Connection *connection, char byte) {
    if (byte != '\n') {
        if (connection->size_length < SIZE_BYTES - 1) connection->size_line[connection->size_length++] = byte;
        return 1;
    }
    connection->size_line[connection->size_length] = 0;
    connection->size_length = 0;
    connection->left = strtol(connection->size_line, NULL, 16);
    connection->part = connection->left ? CHUNK_DATA : TRAILER;
    return 1;
}

static long take_body(Connection *connection, const char *bytes, long length, int64_t now) {
    long taken = connection->left < 0 || length < connection->left ? length : connection->left;
    read_body(connection, bytes, taken, now);
    if (connection->left > 0) connection->left -= taken;
    if (connection->part == CHUNK_DATA && !connection->left) connection->part = CHUNK_END;
    return taken;
}

static bool ends_trailer(Connection *connection, char byte) {
    if (byte == '\n' && !connection->size_length) return true;
    if (byte == '\n') connection->size_length = 0;
    else if (byte != '\r') connection->size_length = 1;
    return false;
}

static void read_answer(Connection *connection, const char *bytes, long length) {
    int64_t now = now_us();
    while (length > 0) {
        long taken = 1;
        bool ended = false;
        switch (connection->part) {
            case HEAD: taken = take_head(connection, bytes, length); break;
            case CHUNK_SIZE: taken = take_size(connection, *bytes); break;
            case CHUNK_DATA: taken = take_body(connection, bytes, length, now); break;
            case CHUNK_END: if (*bytes == '\n') connection->part = CHUNK_SIZE; break;
            case PLAIN_BODY: taken = take_body(connection, bytes, length, now); break;
            case TRAILER: ended = ends_trailer(connection, *bytes); break;
        }
        if (ended || (connection->part == PLAIN_BODY && !connection->left)) {
            end_answer(connection);
            return;
        }
        bytes += taken;
        length -= taken;
    }
}

static void receive(Connection *connection) {
    static char bytes[READ_BYTES];
    ssize_t length = recv(connection->fd, bytes, sizeof bytes, 0);
    if (length > 0) {
        read_answer(connection, bytes, length);
    } else if (length == 0 && connection->part == PLAIN_BODY && connection->left < 0) {
        end_answer(connection);
    } else if (length == 0 || errno != EAGAIN) {
        count_break(connection);
        reopen(connection);
    }
}

static void run(Connection *connections, int count, int64_t duration_us, int64_t ramp_us) {
    struct epoll_event events[MOST_EVENTS];
    int64_t start = now_us(), end = start + duration_us;
    int opened = 0;
    for (int64_t now = start; now < end; now = now_us()) {
        while (opened < count && now - start >= ramp_us * opened / count) open_connection(&connections[opened++]);
        int wait_ms = opened < count ? 1 : (int)((end - now) / 1000 + 1);
        int ready = epoll_wait(poller, events, MOST_EVENTS, wait_ms);
        for (int place = 0; place < ready; place++) receive(events[place].data.ptr);
    }
}

static int compare(const void *left, const void *right) {
    unsigned a = *(const unsigned *)left, b = *(const unsigned *)right;
    return (a > b) - (a < b);
}

static double transit_ms(long count, double share) {
    return count ? total.transits_us[(long)((count - 1) * share)] / 1e3 : 0;
}

static void print_totals(double seconds) {
    long kept = total.chunks < MOST_CHUNKS ? total.chunks : MOST_CHUNKS;
    qsort(total.transits_us, kept, sizeof *total.transits_us, compare);
    printf("{\"duration_s\":%.3f,\"streams\":%ld,\"failed\":%ld,\"without_done\":%ld,\"without_usage\":%ld,\"chunks\":%ld,"
           "\"late\":%ld,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
           seconds, total.streams, total.failed, total.without_done, total.without_usage, total.chunks, total.late,
           transit_ms(kept, 0.5), transit_ms(kept, 0.99));
}

static void read_request(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(1); }
    request_length = fread(request, 1, sizeof request, file);
    fclose(file);
}

int main(int argument_count, char **arguments) {
    if (argument_count != 7) {
        fprintf(stderr, "usage: sload PORT REQUEST_FILE CONNECTIONS SECONDS RAMP_MS LATE_MS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    port = atoi(arguments[1]);
    read_request(arguments[2]);
    int count = atoi(arguments[3]);
    double seconds = atof(arguments[4]);
    late_us = atol(arguments[6]) * 1000;
    total.transits_us = malloc(MOST_CHUNKS * sizeof *total.transits_us);
    Connection *connections = calloc(count, sizeof *connections);
    if (!total.transits_us || !connections) { perror("sload"); return 1; }
    poller = epoll_create1(0);
    int64_t start = now_us();
    run(connections, count, (int64_t)(seconds * 1e6), atol(arguments[5]) * 1000);
    print_totals((now_us() - start) / 1e6);
    return 0;
}

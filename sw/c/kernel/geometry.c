/* Geometry of windows: rows and columns of the map and of a window, positions of the output in a
 * row, and octets of a position of the map. */
typedef struct {
    int height, width, rows, columns, stride, padding, across;
    size_t octets;
} geometry;

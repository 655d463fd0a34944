// Memories and clocks of iCE40 for simulation, with the ports that Yosys and icebox use. Bits that
// are read while they are written come out wrong: what the device gives then is not defined. Narrow
// words of one row are words of their own.

module SB_RAM40_4K #(
    parameter WRITE_MODE = 0, READ_MODE = 0,
    parameter [255:0] INIT_0 = 0, INIT_1 = 0, INIT_2 = 0, INIT_3 = 0, INIT_4 = 0, INIT_5 = 0,
                      INIT_6 = 0, INIT_7 = 0, INIT_8 = 0, INIT_9 = 0, INIT_A = 0, INIT_B = 0,
                      INIT_C = 0, INIT_D = 0, INIT_E = 0, INIT_F = 0
) (
    output reg [15:0] RDATA, input RCLK, RCLKE, RE, input [10:0] RADDR,
    input WCLK, WCLKE, WE, input [10:0] WADDR, input [15:0] MASK, WDATA
);
    localparam [4095:0] INIT = {INIT_F, INIT_E, INIT_D, INIT_C, INIT_B, INIT_A, INIT_9, INIT_8,
                                INIT_7, INIT_6, INIT_5, INIT_4, INIT_3, INIT_2, INIT_1, INIT_0};
    reg [15:0] words [0:255];
    reg [15:0] write_mask, read_mask, spread, read;  // a mask's ones are bits left alone
    integer k;

    initial begin
        for (k = 0; k < 256; k = k + 1) words[k] = INIT[16 * k +: 16];
        RDATA = 0;
    end

    // A narrow word is every second, fourth or eighth bit, chosen by the address from bit 8 on.
    always @* for (k = 0; k < 16; k = k + 1) case (WRITE_MODE)
        0: begin write_mask[k] = MASK[k]; spread[k] = WDATA[k]; end
        1: begin write_mask[k] = k % 2 != WADDR[8]; spread[k] = WDATA[k / 2 * 2]; end
        2: begin write_mask[k] = k % 4 != WADDR[9:8]; spread[k] = WDATA[k / 4 * 4 + 1]; end
        3: begin write_mask[k] = k % 8 != WADDR[10:8]; spread[k] = WDATA[k / 8 * 8 + 3]; end
    endcase
    wire writes = WE & WCLKE;
    wire collides = writes & (RADDR[7:0] == WADDR[7:0]);
    always @* begin
        read = words[RADDR[7:0]] ^ ({16{collides}} & ~write_mask);
        for (k = 0; k < 16; k = k + 1) case (READ_MODE)
            0: read_mask[k] = 0;
            1: read_mask[k] = k % 2 != RADDR[8];
            2: read_mask[k] = k % 4 != RADDR[9:8];
            3: read_mask[k] = k % 8 != RADDR[10:8];
        endcase
        read = read & ~read_mask;
    end

    always @(posedge WCLK) if (writes)
        words[WADDR[7:0]] <= words[WADDR[7:0]] & write_mask | spread & ~write_mask;

    always @(posedge RCLK) if (RE & RCLKE) case (READ_MODE)
        0: RDATA <= read;
        1: RDATA <= {1'b0, |read[15:14], 1'b0, |read[13:12], 1'b0, |read[11:10], 1'b0, |read[9:8],
                     1'b0, |read[7:6], 1'b0, |read[5:4], 1'b0, |read[3:2], 1'b0, |read[1:0]};
        2: RDATA <= {2'b0, |read[15:12], 3'b0, |read[11:8], 3'b0, |read[7:4], 3'b0, |read[3:0],
                     1'b0};
        3: RDATA <= {4'b0, |read[15:8], 7'b0, |read[7:0], 3'b0};
    endcase
endmodule

module SB_SPRAM256KA (
    input [13:0] ADDRESS, input [15:0] DATAIN, input [3:0] MASKWREN,
    input WREN, CHIPSELECT, CLOCK, STANDBY, SLEEP, POWEROFF, output reg [15:0] DATAOUT
);
    reg [15:0] words [0:16383];
    wire [15:0] mask = {{4{MASKWREN[3]}}, {4{MASKWREN[2]}}, {4{MASKWREN[1]}}, {4{MASKWREN[0]}}};
    integer k;

    initial for (k = 0; k < 16384; k = k + 1) words[k] = k * 40503;  // nothing is loaded at first
    always @(posedge CLOCK)
        if (SLEEP | ~POWEROFF) DATAOUT <= 0;
        else if (STANDBY) DATAOUT <= ~DATAOUT;
        else if (CHIPSELECT & WREN) begin
            words[ADDRESS] <= words[ADDRESS] & ~mask | DATAIN & mask;
            DATAOUT <= ~DATAIN;
        end else if (CHIPSELECT) DATAOUT <= words[ADDRESS];
endmodule

// A PLL passes its input on: a cycle of the simulation is one of the design's clock.
module SB_PLL40_PAD #(
    parameter FEEDBACK_PATH = "SIMPLE", DELAY_ADJUSTMENT_MODE_FEEDBACK = "FIXED",
              DELAY_ADJUSTMENT_MODE_RELATIVE = "FIXED", PLLOUT_SELECT = "GENCLK",
              SHIFTREG_DIV_MODE = 0, FDA_FEEDBACK = 0, FDA_RELATIVE = 0, DIVR = 0, DIVF = 0,
              DIVQ = 0, FILTER_RANGE = 0, ENABLE_ICEGATE = 0, TEST_MODE = 0
) (
    input PACKAGEPIN, output PLLOUTCORE, PLLOUTGLOBAL, input EXTFEEDBACK, input [7:0] DYNAMICDELAY,
    output LOCK, input BYPASS, RESETB, LATCHINPUTVALUE, output SDO, input SDI, SCLK
);
    assign {PLLOUTCORE, PLLOUTGLOBAL} = {2{PACKAGEPIN}};
    assign LOCK = RESETB;
    assign SDO = 0;
endmodule

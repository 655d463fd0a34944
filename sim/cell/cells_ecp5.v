// Memories and clocks of ECP5 for simulation. A word that is read through one port while the other
// writes it comes out wrong: what the device gives then is not defined.

module DP16KD #(  // its pins as vectors: sim.cell.cells joins them
    parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18,
    parameter WRITEMODE_A = "NORMAL", WRITEMODE_B = "NORMAL",
    parameter REGMODE_A = "NOREG", REGMODE_B = "NOREG",
    parameter [18431:0] INIT = 0
) (
    input CLKA, CEA, OCEA, WEA, RSTA, input [13:0] ADA, input [17:0] DIA, output [17:0] DOA,
    input CLKB, CEB, OCEB, WEB, RSTB, input [13:0] ADB, input [17:0] DIB, output [17:0] DOB
);
    // 36 bits are written by port A and read by port B, each with the data pins of both.
    localparam PAIRS = DATA_WIDTH_A == 36 || DATA_WIDTH_B == 36;
    reg [17:0] words [0:1023];
    reg [35:0] read_a, read_b, held_a, held_b;
    integer k;

    initial begin
        for (k = 0; k < 1024; k = k + 1) words[k] = INIT[18 * k +: 18];
        read_a = 0;
        read_b = 0;
        held_a = 0;
        held_b = 0;
    end

    // Bits of a word of some width: nine bits hold eight of the narrow ones.
    function [35:0] place(input integer width, input [13:0] address);
        case (width)
            1: place = 1 << (9 * address[3] + address[2:0]);
            2: place = 3 << (9 * address[3] + 2 * address[2:1]);
            4: place = 15 << (9 * address[3] + 4 * address[2]);
            9: place = 511 << (9 * address[3]);
            18: place = {{9{address[1]}}, {9{address[0]}}};
            default: place = {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}};
        endcase
    endfunction

    function integer shift(input integer width, input [13:0] address);
        case (width)
            1: shift = 9 * address[3] + address[2:0];
            2: shift = 9 * address[3] + 2 * address[2:1];
            4: shift = 9 * address[3] + 4 * address[2];
            9: shift = 9 * address[3];
            default: shift = 0;
        endcase
    endfunction

    function [35:0] bits(input integer width);
        bits = ~(~36'd0 << width);
    endfunction

    wire [9:0] row_a = DATA_WIDTH_A == 36 ? {ADA[13:5], 1'b0} : ADA[13:4];
    wire [9:0] row_b = DATA_WIDTH_B == 36 ? {ADB[13:5], 1'b0} : ADB[13:4];
    wire writes_a = CEA & WEA & ~RSTA, writes_b = CEB & WEB & ~RSTB;
    wire [35:0] mask_a = place(DATA_WIDTH_A, ADA), mask_b = place(DATA_WIDTH_B, ADB);
    wire [35:0] data_a = {DIB, DIA} << shift(DATA_WIDTH_A, ADA);
    wire [35:0] data_b = {18'd0, DIB} << shift(DATA_WIDTH_B, ADB);
    wire hits_a = writes_a & |mask_a, hits_b = writes_b & |mask_b;
    wire near = row_a[9:1] == row_b[9:1] && (PAIRS || row_a[0] == row_b[0]);
    // Bits that the other port writes in the same cycle are read wrongly.
    wire [35:0] wrong_a = {36{hits_b & near}} & (PAIRS ? ~36'd0 : mask_b);
    wire [35:0] wrong_b = {36{hits_a & near}} & (PAIRS ? ~36'd0 : mask_a);

    wire [35:0] old_a = {words[row_a | 1], words[row_a]}, old_b = {words[row_b | 1], words[row_b]};
    wire [35:0] new_a = old_a & ~mask_a | data_a & mask_a;
    wire [35:0] new_b = old_b & ~mask_b | data_b & mask_b;
    wire [35:0] seen_a = (writes_a && WRITEMODE_A == "WRITETHROUGH" ? new_a : old_a) ^ wrong_a;
    wire [35:0] seen_b = (writes_b && WRITEMODE_B == "WRITETHROUGH" ? new_b : old_b) ^ wrong_b;

    always @(posedge CLKA) begin
        if (writes_a) words[row_a] <= new_a[17:0];
        if (writes_a && DATA_WIDTH_A == 36) words[row_a | 1] <= new_a[35:18];
        if (RSTA) read_a <= 0;
        else if (CEA && !(WEA && WRITEMODE_A == "NORMAL"))
            read_a <= seen_a >> shift(DATA_WIDTH_A, ADA) & bits(DATA_WIDTH_A);
        if (RSTA) held_a <= 0;
        else if (OCEA) held_a <= read_a;
    end
    always @(posedge CLKB) begin
        if (writes_b) words[row_b] <= new_b[17:0];
        if (RSTB) read_b <= 0;
        else if (CEB && !(WEB && WRITEMODE_B == "NORMAL"))
            read_b <= seen_b >> shift(DATA_WIDTH_B, ADB) & bits(DATA_WIDTH_B);
        if (RSTB) held_b <= 0;
        else if (OCEB) held_b <= read_b;
    end

    // With pairs, port B reads: 36 bits on the pins of both, fewer on those of B alone.
    wire [35:0] out_a = REGMODE_A == "OUTREG" ? held_a : read_a;
    wire [35:0] out_b = REGMODE_B == "OUTREG" ? held_b : read_b;
    assign DOA = DATA_WIDTH_B == 36 ? out_b[17:0] : out_a[17:0];
    assign DOB = DATA_WIDTH_B == 36 ? out_b[35:18] : out_b[17:0];
endmodule

module TRELLIS_DPR16X4 #(
    parameter WCKMUX = "WCK", WREMUX = "WRE", parameter [63:0] INITVAL = 0
) (
    input [3:0] DI, WAD, RAD, input WRE, WCK, output [3:0] DO
);
    reg [3:0] words [0:15];
    wire clock = WCKMUX == "INV" ? ~WCK : WCK;
    wire enable = WREMUX == "1" ? 1'b1 : WREMUX == "0" ? 1'b0 : WREMUX == "INV" ? ~WRE : WRE;
    integer k;

    initial for (k = 0; k < 16; k = k + 1) words[k] = INITVAL[4 * k +: 4];
    always @(posedge clock) if (enable) words[WAD] <= DI;
    assign DO = words[RAD];
endmodule

// A PLL passes its input on: a cycle of the simulation is one of the design's clock.
module EHXPLLL #(
    parameter CLKI_DIV = 1, CLKFB_DIV = 1, CLKOP_DIV = 1, CLKOP_CPHASE = 0, CLKOP_FPHASE = 0,
              CLKOP_ENABLE = "ENABLED", DPHASE_SOURCE = "DISABLED", FEEDBK_PATH = "CLKOP",
              INTFB_WAKE = "DISABLED", PLLRST_ENA = "DISABLED", STDBY_ENABLE = "DISABLED",
              OUTDIVIDER_MUXA = "DIVA", OUTDIVIDER_MUXB = "DIVB", OUTDIVIDER_MUXC = "DIVC",
              OUTDIVIDER_MUXD = "DIVD"
) (
    input CLKI, CLKFB, RST, STDBY, PHASESEL0, PHASESEL1, PHASEDIR, PHASESTEP, PHASELOADREG,
          PLLWAKESYNC, ENCLKOP, output CLKOP, LOCK
);
    assign CLKOP = CLKI;
    assign LOCK = ~RST;
endmodule

module SGSR (input GSR, CLK);
endmodule

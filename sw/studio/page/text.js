// All texts of the page, English and Japanese. {name} is replaced by a value.

const TEXTS = {
  title: ["Thresher studio", "Thresher スタジオ"], tagline: ["From pictures to a running chip", "画像から動くチップまで"], skip: ["To the content", "本文へ"], language: ["日本語", "English"],
  steps: ["Steps", "手順"], data: ["Data", "データ"], board: ["Board", "ボード"], network: ["Network", "ネットワーク"], train: ["Train", "学習"], check: ["Check", "検証"], build: ["Build", "ビルド"],
  try: ["Try", "試す"], take: ["Take away", "持ち帰る"], next: ["Next: {step}", "次へ: {step}"], command: ["The same on the command line", "コマンドラインでの同じ操作"], running: ["running", "実行中"],
  done: ["done", "完了"], failed: ["failed", "失敗"], stopped: ["stopped", "停止"], stop: ["Stop", "停止"], left: ["{time} left", "残り {time}"], log: ["What it printed", "出力"],
  soFar: ["{time} so far", "経過 {time}"], noServer: ["The server does not answer. Jobs go on; start it again with the same command.", "サーバーが応答しません。ジョブは続いています。同じコマンドで再起動してください。"],
  stale: ["of another network, board or speed", "別のネットワーク・ボード・速度の結果"], lost: ["ended by force", "強制終了"],
  // Home
  begin: ["Begin with a dataset", "データセットから始める"], own: ["My own data", "自分のデータ"], "about-mnist": ["handwritten digits, 70,000 pictures of 28 × 28", "手書き数字 70,000 枚、28 × 28"],
  "about-fashion-mnist": ["clothes, 70,000 pictures of 28 × 28", "衣類 70,000 枚、28 × 28"], "about-kmnist": ["Japanese characters, 70,000 pictures", "くずし字 70,000 枚"],
  "about-emnist-letters": ["handwritten letters; 562 MB to download", "手書き英字、ダウンロード 562 MB"], "about-emnist-digits": ["280,000 handwritten digits; 562 MB", "手書き数字 280,000 枚、562 MB"],
  "about-emnist-balanced": ["letters and digits, 47 classes; 562 MB", "英数字 47 クラス、562 MB"],
  "about-cifar-10": ["60,000 colour photos, 10 things; 170 MB", "カラー写真 60,000 枚、10 種、170 MB"], "about-cifar10-jpeg": ["the same as JPEG files, if they are here", "同じ写真の JPEG 版 (手元にある場合)"],
  "about-svhn": ["house numbers, colour photos; 246 MB", "家屋番号のカラー写真、246 MB"], "about-fsdd": ["spoken digits, 3,000 recordings", "音声の数字 3,000 件"],
  ownHint: ["pictures, sounds, CSV, .npz, webcam", "画像・音声・CSV・.npz・カメラ"], goOn: ["Go on with a project", "プロジェクトを続ける"], none: ["None yet.", "まだありません。"], remove: ["Remove", "削除"],
  removeSure: ["Remove {name} and all its files?", "{name} と全ファイルを削除しますか。"],
  // Data
  classes: ["{count} classes, {train} training and {test} test examples", "{count} クラス、学習 {train} 件、テスト {test} 件"], class: ["Class", "クラス"], training: ["Training", "学習"],
  testing: ["Test", "テスト"], samples: ["As the network sees them", "ネットワークへの入力"], becomes: ["What becomes of a file", "ファイルの変換"], warnings: ["Worth a look", "注意"],
  noWarnings: ["Nothing odd was found.", "異常は見つかりませんでした。"], allTheWay: ["All the way with the defaults", "既定値で最後まで進める"],
  allTheWayHint: ["Trains {network} for {seconds} s, checks it, builds the bitstream for {board} and starts a virtual board.", "{network} を {seconds} 秒学習し、検証し、{board} 用に合成し、仮想ボードを起動します。"],
  onTheWay: ["On the way: you may watch, or come back later.", "進行中です。見ていても、後で戻っても構いません。"], ready: ["The virtual board runs:", "仮想ボードが動いています:"],
  drop: ["Drop folders of pictures or sounds here, one folder a class; or a CSV or .npz file", "クラスごとの画像・音声フォルダー、または CSV・.npz をここにドロップ"],
  chooseFolder: ["Choose a folder", "フォルダーを選ぶ"], chooseFile: ["Choose a CSV or .npz", "CSV・.npz を選ぶ"], capture: ["Add examples class by class", "クラスごとにデータを追加"],
  className: ["Name of the class", "クラス名"], addDrawing: ["Add the drawing", "絵を追加"], addPhoto: ["Add a photo", "写真を追加"], webcam: ["Webcam", "カメラ"], clear: ["Clear", "消す"],
  startOver: ["Start over", "最初から"], look: ["Look at the data", "データを調べる"], sending: ["{done} of {all} files sent", "{all} 件中 {done} 件を送信"],
  resampled: ["the browser made {count} sounds one channel of {rate} samples a second: {files}", "{count} 件をブラウザーで 1 チャンネル・毎秒 {rate} サンプルに変換: {files}"],
  fit: ["Of a picture, take", "画像の使い方"], "fit-": ["what suits", "自動"], "fit-as-is": ["the whole, stretched", "全体を伸縮"], "fit-photo": ["the middle", "中央"],
  "fit-drawing": ["the drawing, cut out and centred", "線画を切り出して中央に"], refused: ["Not taken: {files}", "受け付けられません: {files}"], record: ["Record a word", "単語を録音"],
  speak: ["Speak now …", "話してください…"],
  // Board
  pickBoard: ["On which board shall it run?", "どのボードで動かしますか"], memory: ["block RAM", "ブロック RAM"],
  fastest: ["up to {rate} images/s at {accuracy} % ({network}, {dataset})", "最大 {rate} 枚/秒、精度 {accuracy} % ({network}, {dataset})"], noRows: ["not measured yet", "未測定"],
  noRowsHint: ["No network was measured on this board yet. The next step estimates what fits.", "このボードでの実測はまだありません。次の手順で見積もります。"], chosen: ["Chosen: {board}", "選択中: {board}"],
  bare: ["A board of my own", "自分のボード"],
  bareHint: ["An FPGA in a package, and where its oscillator and its serial port are: RX is the FPGA's input. ! before the pin of a LED: 0 lights it.", "FPGA とパッケージ、発振器とシリアルポートのピン。RX は FPGA の入力。LED のピンの前の ! は 0 で点灯。"],
  device: ["FPGA", "FPGA"], package: ["Package", "パッケージ"], clock_pin: ["Clock pin", "クロックのピン"], clock_mhz: ["Clock in MHz", "クロック (MHz)"], rx_pin: ["RX pin", "RX のピン"],
  tx_pin: ["TX pin", "TX のピン"], leds: ["LED pins: 41,!40", "LED のピン: 41,!40"], constraints: ["Read pins from a .pcf or .lpf file", ".pcf・.lpf からピンを読む"],
  // Network
  pickNetwork: ["Which network?", "どのネットワークにしますか"], usualReason: ["{network} is the usual network of this board.", "{network} はこのボードの標準ネットワークです。"],
  smallReason: ["{network} is small, and trains quickly on data of any kind.", "{network} は小さく、どのデータでも速く学習できます。"],
  slider: ["Accuracy against area against speed, as measured on this board", "精度・面積・速度 (このボードでの実測)"], lut4: ["Area", "面積"], images_per_second: ["Speed", "速度"],
  synapses: ["{synapses} synapses a neuron", "ニューロンあたり {synapses} シナプス"],
  measuredAs: ["measured with {dataset}: {accuracy} %, {lut4} LUT4, {rate} images/s", "{dataset} での実測: {accuracy} %、{lut4} LUT4、{rate} 枚/秒"], estimating: ["estimating …", "見積もり中…"],
  estimate: ["Estimate before training", "学習前の見積もり"], perSecond: ["images/s", "枚/秒"], interval: ["cycles an image", "サイクル/枚"], atClock: ["at {clock} MHz", "{clock} MHz"],
  weights: ["weights in memory", "メモリ上の重み"], byHand: ["Layer by layer", "層ごとに決める"], neurons: ["Neurons of layer {index}", "第 {index} 層のニューロン数"], addLayer: ["Add a layer", "層を追加"],
  dropLayer: ["Remove the last layer", "最後の層を削除"], layer: ["Layer", "層"], outputs: ["outputs", "出力"], way: ["built", "構成"], wired: ["wired", "配線"], scheduled: ["scheduled", "逐次"],
  encoder: ["encoder", "符号化"], speed: ["Speed", "速度"], fastestFit: ["as fast as fits", "入る限り速く"], atLeast: ["at least {rate} images/s, least area", "{rate} 枚/秒以上、最小面積"],
  minutes: ["Train for", "学習時間"], seconds: ["{seconds} s", "{seconds} 秒"],
  // Train
  startTraining: ["Train", "学習を始める"], resume: ["Resume", "再開"], again: ["Train another run", "別の学習を始める"], runs: ["Runs", "学習の一覧"], use: ["Use", "使う"], used: ["in use", "使用中"],
  run: ["Run", "学習"], accuracy: ["Test accuracy", "テスト精度"], validation: ["Validation accuracy by epoch", "エポックごとの検証精度"], confusion: ["Who is taken for whom", "混同行列"],
  confusionHint: ["Rows: the true class. Columns: the answer. Choose a number to see the images.", "行: 正解、列: 回答。数字を選ぶと画像が見られます。"],
  cellTitle: ["{truth} taken for {given}: {count} test images", "{truth} を {given} と回答: {count} 枚"], close: ["Close", "閉じる"], trainFirst: ["Train first.", "先に学習してください。"],
  errors: ["Errors of epoch {epoch} on validation images, by true class", "第 {epoch} エポックの誤り (検証画像、正解クラス別)"],
  compress: ["Compared with numbers of 32 and 8 bits", "32 ビット・8 ビットの数値との比較"],
  compressHint: ["Trains as many dense neurons in each layer, up to 256, as a float network, and turns it into integers of 8 bits, into bits, and into look-up tables.", "各層に同じ数 (256 まで) の全結合ニューロンを置いた浮動小数点ネットワークを学習し、8 ビット整数、1 ビット、ルックアップテーブルに変換します。"],
  notCompressed: ["Not for this network: it has convolutions, and look-up tables can be made of dense layers only. docs/compression.md compares LeNet-5, which has convolutions, in float, 8 bits and bits.", "このネットワークは対象外です。畳み込みがあり、ルックアップテーブルは全結合層からのみ作れます。畳み込みを持つ LeNet-5 の比較は docs/compression.md にあります。"],
  numbers: ["Numbers", "数値"], bytes: ["Bytes", "バイト"], smaller: ["Smaller", "縮小率"], float: ["float, 32 bits", "浮動小数点 32 ビット"], int8: ["integers, 8 bits", "整数 8 ビット"],
  bits: ["bits", "1 ビット"], tables: ["look-up tables", "ルックアップテーブル"], calibration: ["Calibration: ranges on {images} images", "校正: {images} 枚での範囲"], least: ["Least", "最小"],
  greatest: ["Greatest", "最大"],
  // Check
  goldenTitle: ["Golden model = PyTorch", "ゴールデンモデル = PyTorch"],
  goldenWhy: ["The integers that the chip computes give the labels and scores of the trained network, on all test images.", "チップが計算する整数は、全テスト画像で学習済みネットワークと同じラベルとスコアになります。"],
  rtlTitle: ["Hardware description = golden model", "ハードウェア記述 = ゴールデンモデル"],
  rtlWhy: ["The circuit, simulated cycle by cycle, gives the same answers in exactly the predicted number of cycles.", "回路をサイクル単位でシミュレートし、予測どおりのサイクル数で同じ回答になることを確かめます。"],
  equal: ["equal", "一致"], differs: ["differs", "不一致"], compare: ["Compare", "比較する"],
  equalOf: ["{equal} of {images} images have equal labels and scores.", "{images} 枚中 {equal} 枚でラベルとスコアが一致。"], notCompared: ["Not compared yet.", "まだ比較していません。"],
  equalAll: ["All {images} images: labels and scores are equal.", "{images} 枚すべてでラベルもスコアも一致。"],
  // Build
  startBuild: ["Build the bitstream", "ビットストリームを作る"], program: ["Load onto the board", "ボードに書き込む"], waysOut: ["Ways out", "対処方法"],
  otherNetwork: ["Choose a smaller network", "小さいネットワークを選ぶ"], otherBoard: ["Choose a larger board", "大きいボードを選ぶ"], tryAgain: ["Try again", "もう一度"],
  utilization: ["How full the chip is", "チップの使用率"], reached: ["{used} MHz used, {reached} MHz reached", "使用 {used} MHz、到達 {reached} MHz"],
  // Try
  draw: ["Draw here", "ここに描く"], drawKeys: ["Drawing pad. With the keyboard: arrows move, space draws, Escape clears.", "描画パッド。矢印で移動、スペースで描画、Esc で消去。"],
  example: ["A test example", "テストデータ"], file: ["A picture file", "画像ファイル"], soundFile: ["A sound file", "音声ファイル"], ask: ["Ask", "質問する"], answers: ["Answers", "回答"],
  golden: ["Golden model", "ゴールデンモデル"], virtual: ["Virtual board", "仮想ボード"], real: ["Board on a serial port", "シリアルポートのボード"], startVirtual: ["Start the virtual board", "仮想ボードを起動"],
  webSerial: ["Connect from the browser (Web Serial)", "ブラウザから接続 (Web Serial)"], webSerialBoard: ["Board over Web Serial", "Web Serial のボード"],
  noWebSerial: ["This browser has no Web Serial; Chromium has.", "このブラウザは Web Serial に対応していません。Chromium をお使いください。"], truth: ["truth: {label}", "正解: {label}"],
  agree: ["All agree: labels and scores are equal.", "全員一致: ラベルもスコアも同じです。"], disagree: ["{name} differs from the golden model.", "{name} がゴールデンモデルと異なります。"],
  scores: ["Scores", "スコア"], inside: ["Inside the network", "ネットワークの中"], firing: ["{name}: {firing} of {values} fire", "{name}: {values} 個中 {firing} 個が発火"],
  seen: ["What the network saw", "ネットワークが見た画像"], port: ["Port", "ポート"], noPorts: ["no port found", "ポートなし"],
  // Take away
  takeHint: ["Everything that was made, to keep.", "作られたものをすべて持ち帰れます。"], download: ["Download", "ダウンロード"], make: ["Make", "作る"], bitstream: ["Bitstream", "ビットストリーム"],
  flash: ["Weights for the flash", "フラッシュ用の重み"], report: ["Report", "レポート"], verilog: ["Verilog core", "Verilog コア"], c: ["C library", "C ライブラリ"], onnx: ["QONNX model", "QONNX モデル"],
  folded: ["Folded network", "変換済みネットワーク (整数)"], checkpoint: ["Checkpoint", "チェックポイント"], commands: ["All commands, in order", "すべてのコマンド (順番どおり)"],
};

// What commands say, in Japanese: patterns, and what becomes of them.
const SENTENCES = [["colours become grey", "カラーはグレーになる"], ["colours are kept|red, green and blue", "赤・緑・青のまま"], ["light becomes dark", "明暗を反転"],
  ["a light background becomes dark", "明るい背景は暗くなる"], ["rows and columns change places.*", "行と列を入れ替える"], ["numbers in their order", "数値は並び順のまま"],
  ["the middle of the picture, scaled to (.+)", "画像の中央を $1 に縮小"], ["the whole picture, scaled to (.+) if it has another size", "画像全体を $1 に (大きさが違う場合)"],
  ["the drawing is cut out and centred in (.+) pixels, as.*", "線画を切り出し $1 画素の中央に置く"], ["the middle of each picture is taken", "各画像の中央を使う"],
  ["pictures are taken as they are", "画像をそのまま使う"], ["pictures of (\\d+) different sizes become (.+)", "$1 通りの大きさの画像を $2 にする"], ["pictures of (.+) pixels become (.+)", "$1 画素の画像を $2 にする"],
  ["most pictures are light at their edge and stay so", "多くの画像は縁が明るく、そのまま使う"], ["classes of pictures come from .*", "クラスはフォルダー名による"],
  ["the last fifth of every class is the test part", "各クラスの最後の 5 分の 1 がテスト用"], ["recordings (.+) of each class and speaker are.*", "各クラス・話者の録音 $1 がテスト用で、話者は学習と同じ"],
  ["class column is ('.+'), .*", "クラスの列は $1"], ["columns (.+), by name", "列 $1 (名前で対応)"], ["(.+: )?(\\S+) become 0..255", "$1$2 を 0..255 にする"], ["recordings of (.+) Hz", "$1 Hz の録音"],
  ["ends that are (\\d+) times quieter.*", "最大音量の $1 分の 1 より静かな両端は除く"], ["a recording becomes (\\d+) bands of (\\d+) windows", "録音は $1 帯域 × $2 区間になる"],
  ["the energy of (\\d+) bands from (.+) to (.+) Hz in (\\d+) windows.*", "$2〜$3 Hz の $1 帯域のエネルギーを $4 区間で対数に"], ["classes with fewer than (\\d+) training examples: (.+)", "学習データが $1 件未満のクラス: $2"],
  ["classes with (\\d+) times fewer training examples than the largest \\((.+)\\): (.+)", "最大のクラス ($2 件) の $1 分の 1 より少ないクラス: $3"], ["(.+) of the inputs are the same in all training examples", "入力の $1 は全学習データで同じ"],
  ["(.+) of (.+) test examples are also training examples.*", "テスト $2 件中 $1 件は学習データと同じで、テスト精度が実際より高く出ます"], ["test part: (.+) of (.+) values lie beyond.*", "テスト: $2 個中 $1 個の値が学習データの範囲外 (範囲内に切り詰め)"],
  ["reading (.+)", "読み込み"], ["converting", "変換"], ["training (.+)", "学習 $1"], ["compile the model", "モデルのコンパイル"], ["simulating", "シミュレーション"], ["schedule", "スケジュール"],
  ["elaborate", "回路生成"], ["synthesize", "論理合成"], ["place", "配置"], ["route", "配線"], ["pack", "ビットストリーム化"]].map(([text, own]) => [RegExp(`^(?:${text})$`), own]);

export const LANGUAGES = ["en", "ja"];
let language = 0;

export const current = () => LANGUAGES[language];

export function speak(name) {
  language = Math.max(0, LANGUAGES.indexOf(name));
  document.documentElement.lang = current();
}

export function t(key, values = {}) {
  const text = (TEXTS[key] ?? [key, key])[language];
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A sentence of a command: without options of the command line, and in Japanese where it is known.
export function said(sentence) {
  const text = sentence.replace(/ \((?=[^()]*--)[^()]*\)/g, ""), [pattern, own] = language && SENTENCES.find(([one]) => one.test(text)) || [];
  return pattern ? text.replace(pattern, own) : text;
}

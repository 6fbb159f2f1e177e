/** The pages of accounts in Spanish. */
import type { AccountTexts } from './account-texts.ts';

export const spanish: AccountTexts = {
  language: 'es',
  signIn: 'Iniciar sesión',
  signInTo: (name) => `Iniciar sesión en ${name}`,
  addressLabel: 'Correo electrónico',
  addressHint: 'Recibirá un código por correo. No hay contraseña.',
  sendCode: 'Enviar código',
  signUpQuestion: '¿Aún no tiene cuenta?',
  signUpLink: 'Cree una',
  codeTitle: 'Introduzca el código',
  codeSent: (address) => `Si ${address} puede iniciar sesión aquí, le llegará un correo con un código de seis cifras.`,
  codeHere: 'El código solo funciona en este navegador. No se lo diga a nadie, sea quien sea quien lo pida.',
  codeLabel: 'Código',
  confirm: 'Iniciar sesión',
  newCode: 'Enviar otro código',
  otherAddress: 'Usar otra dirección',
  signUpTitle: (name) => `Crear una cuenta en ${name}`,
  fullNameLabel: 'Nombre',
  aliasLabel: 'Nombre corto',
  aliasHint: 'Lo ven los demás. No hay dos cuentas con el mismo.',
  signUp: 'Crear cuenta',
  hasAccount: 'Iniciar sesión con una cuenta',
  messages: {
    addressInvalid: 'Esto no es una dirección de correo. Corríjala, por favor.',
    codeWrong: 'El código no es correcto. Mire el correo más reciente y vuelva a introducirlo.',
    codeMalformed: 'El código tiene seis cifras. Vuelva a introducirlo.',
    codeUsed: 'El código ha caducado o ya se usó. Pida otro; después llegará igualmente a la página que abrió.',
    fieldsInvalid: 'Rellene todos los campos: un correo válido y nombres sin caracteres poco habituales.',
    aliasTaken: 'Otra cuenta tiene este nombre corto. Elija otro, por favor.',
    signUpClosed: 'En este momento no se pueden crear cuentas aquí.',
    tooManyRequests: 'Se han pedido demasiados códigos.',
    tooManyCodes: 'Se han introducido demasiados códigos incorrectos.',
  },
  wait: (seconds) => {
    if (seconds < 60) return `Inténtelo de nuevo dentro de ${seconds} ${seconds === 1 ? 'segundo' : 'segundos'}.`;
    const minutes = Math.ceil(seconds / 60);
    return `Inténtelo de nuevo dentro de ${minutes} ${minutes === 1 ? 'minuto' : 'minutos'}.`;
  },
};
